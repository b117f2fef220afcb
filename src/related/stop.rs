//! Small words that say nothing about what a text is about.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// The small words of a language.
pub(super) type Words = HashSet<&'static str>;

/// The small words of a language by its primary subtag; English ones for an
/// unknown language, because there they do the least harm.
pub(super) fn words(primary: &str) -> &'static Words {
    static NONE: LazyLock<Words> = LazyLock::new(HashSet::new);
    match primary {
        "" | "und" => TABLE.get("en").unwrap_or(&NONE),
        _ => TABLE.get(primary).unwrap_or(&NONE),
    }
}

static TABLE: LazyLock<HashMap<&str, Words>> = LazyLock::new(|| {
    LISTS.iter().map(|(language, list)| (*language, list.split_whitespace().collect())).collect()
});

const LISTS: [(&str, &str); 9] = [
    (
        "en",
        "a about above after again against all also am an and any are aren't as at be because been \
         before being below between both but by can can't could couldn't did didn't do does doesn't \
         doing don't down during each even ever few for from further get got had hadn't has hasn't \
         have haven't having he he'd he'll her here hers herself him himself his how however i i'd \
         i'll i'm i've if in into is isn't it its itself just let like made make many may me might \
         more most much must my myself no nor not now of off on once one only or other ought our \
         ours out over own said same say says she should shouldn't since so some still such than the \
         that their theirs them themselves then there these they they'd they're they've this those \
         through to too under until up us very was wasn't we we'd we'll we're we've well were \
         weren't what when where whether which while who whom whose why will with won't would \
         wouldn't yet you you'd you'll you're you've your yours two according mr mrs ms told",
    ),
    (
        "fr",
        "à a ai alors après au aucun aussi autre autres aux avait avant avec avoir bien c ce cela ces \
         cet cette ceux chez comme contre d dans de depuis des deux dit donc dont du elle elles en \
         encore entre est et été être eu fait faire il ils j je jusqu l la là le les leur leurs lors \
         lui m ma mais me même mes moins mon n ne ni non nos notre nous on ont ou où par pas pendant \
         peu peut plus pour qu quand que quel quelle qui s sa sans se selon ses si son sont sous sur \
         t ta te tes tout toute toutes tous très trop tu un une vers vos votre vous y était étaient",
    ),
    (
        "de",
        "aber alle allem allen aller alles als also am an ander andere anderen auch auf aus bei beim \
         bin bis bist da dabei damit dann das dass dem den denn der des dessen die dies diese diesem \
         diesen dieser dieses doch dort du durch ein eine einem einen einer eines er es etwa etwas \
         für gegen habe haben hat hatte hatten hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren \
         ihrer im in indem ins ist ja jede jedem jeden jeder jedes jetzt kann kein keine keinen man \
         mehr mein mit muss müssen nach nicht nichts noch nun nur ob oder ohne schon sehr sei sein \
         seine seinem seinen seiner seit selbst sich sie sind so soll sollen sondern sowie über um \
         und uns unter vom von vor war waren was wegen weil weiter welche wenn wer werden wie wieder \
         wir wird wo worden wurde wurden zu zum zur zwei zwischen sagte",
    ),
    (
        "es",
        "a al algo algunos ante antes así aún aunque bajo bien cada como con contra cual cuando de \
         del desde donde dos durante e el él ella ellas ellos en entre era eran es esa esas ese eso \
         esos esta está están estas este esto estos fue fueron ha había han hasta hay la las le les \
         lo los más me mi mientras muy nada ni no nos nosotros o otra otras otro otros para pero poco \
         por porque qué que quien quienes se sea según ser si sí sido sin sobre son su sus también \
         tan tanto te tiene todo todos tras tu un una unas uno unos y ya yo",
    ),
    (
        "pt",
        "a ao aos após as até com como contra da das de dela dele deles depois do dos e é ela elas ele \
         eles em entre era essa essas esse esses esta está estão este estes eu foi foram há isso isto \
         já lhe mais mas me mesmo meu minha muito na nas nem no nos nós não o os ou outra outro para \
         pela pelas pelo pelos por porque qual quando que quem se sem ser seu seus sido só sobre sua \
         suas também tem têm toda todo todos um uma umas uns você vocês às à segundo",
    ),
    (
        "it",
        "a ad agli ai al alla alle allo anche ancora avere aveva c che chi ci come con contro cui da \
         dagli dai dal dalla dalle dallo degli dei del dell della delle dello di dopo dove due e è ed \
         era essere fa fra gli ha hanno i il in io l la le lei li lo loro lui ma mentre mi mio molto \
         ne negli nei nel nell nella nelle nello noi non nostro o ogni oltre per perché più prima \
         quale quando quanto quella quelle quelli quello questa queste questi questo se sei senza si \
         sia sono sta stata stato su sua sue sugli sui sul sull sulla sulle suo suoi tra tutti tutto \
         un una uno vi",
    ),
    (
        "ru",
        "а без более бы был была были было быть в вам вас весь во вот все всего всех вы где да даже \
         для до его ее если есть еще же за здесь и из или им их к как ко когда которая которые \
         который кто ли лишь между меня мне может мы на над надо нас не него нее нет ни них но ну о \
         об однако он она они оно от очень по под после потом потому при про с сам свои своей свой \
         себя со так также там то тоже только том тот у уже хотя чего чей чем что чтобы эта эти это \
         этого этой этом этот я",
    ),
    (
        "ar",
        "في من على إلى الى عن مع أن ان إن هذا هذه ذلك تلك التي الذي الذين ما لا لم لن قد كان كانت \
         يكون هو هي هم كما بعد قبل بين حتى كل أو او ثم أي عند منذ خلال و حيث غير",
    ),
    (
        "nl",
        "aan al alle als bij dan dat de der deze die dit doch door dus een en er ge geen had heb hebben \
         heeft het hij hoe hun ik in is ja je kan maar me meer met mijn na naar niet nog nu of om omdat \
         ons ook op over te tegen tot uit uw van veel voor was wat we werd wie wij wordt zal ze zei \
         zich zij zijn zo zonder zou",
    ),
];
