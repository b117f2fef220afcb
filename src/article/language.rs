//! In which language a piece is written.

use std::collections::HashMap;
use std::sync::LazyLock;

use whatlang::Lang;

/// Below this many letters nothing is claimed about a script that several
/// languages share.
const ENOUGH: usize = 24;
/// How much of a piece is looked at.
const LOOK_AT: usize = 4000;

/// Words that are looked at first: so many from the beginning and from the middle.
const FIRST_WORDS: usize = 60;
/// Small words that must be among them, in all and of one language alone.
const SMALL_WORDS: usize = 16;
const OWN_WORDS: usize = 9;

/// Small words of languages that are written with Latin letters. Words stand in
/// the list of every language that has them, for only those that one language
/// alone has tell it from its neighbours.
const SMALL: [(&str, &str); 16] = [
    (
        "en",
        "the of to and in a that for is on was with as he it by at from his be has an have but \
            are were who not which this had their they been its will would after more when than \
            or there into about could she her we you i",
    ),
    (
        "de",
        "der die das und in zu den von mit ist des im für auf dem nicht ein eine es sich auch an \
            als am aus er hat dass nach bei einer um noch wie einem über einen so zum war haben nur \
            oder aber vor zur bis mehr durch man wurde sie sind werden wird sei",
    ),
    (
        "fr",
        "de la le et les des en un du une que est pour qui a dans par plus pas au sur ne se ce il \
            sont avec ont aux son mais comme ou si leur elle été cette ses sa ces nous entre deux \
            même fait aussi être d l s n qu c",
    ),
    (
        "es",
        "de la que el en y a los del se las por un para con no una su al lo como más pero sus le \
            ya o este sí porque esta entre cuando muy sin sobre también me hasta hay donde quien \
            desde todo nos durante fue han es son ha era",
    ),
    (
        "it",
        "di e il la che in un a per è una del non con si da le dei nel al i della sono lo come ha \
            ma più gli alla anche delle ed o se dal suo ci dalla sul questo nella essere stato hanno \
            tra degli due l dell all un",
    ),
    (
        "pt",
        "de a o que e do da em um para com não uma os no se na por mais as dos como mas ao ele das \
            à seu sua ou quando muito nos já eu também só pelo pela até isso ela entre depois sem \
            mesmo aos foi são é ser está",
    ),
    (
        "nl",
        "de en van ik te dat die in een hij het niet zijn is was op aan met als voor had er maar \
            om hem dan zou of wat mijn men dit zo door over ze zich bij ook tot je uit der daar naar \
            heb hoe heeft hebben deze worden wordt",
    ),
    (
        "af",
        "die en van het in nie is 'n dat te vir hy sy om wat met as op ons aan hulle was by ook \
            sal kan maar uit oor deur na hierdie word moet haar daar",
    ),
    (
        "sv",
        "och i att det som en på är av för med den till inte har de om ett han men var jag sig från \
            vi så kan när år under också efter eller nu sin där vid mot ska skulle kommer ut får finns \
            vara hade alla",
    ),
    (
        "da",
        "og i at det er en til på som med de den for af ikke der har et om vi han men var jeg sig \
            fra så kan når år under også efter eller nu sin ved mod skal ville kommer ud får være \
            havde blev bliver",
    ),
    (
        "nb",
        "og i at det er en til på som med de den for av ikke der har et om vi han men var jeg seg \
            fra så kan når år under også etter eller nå sin ved mot skal ville kommer ut får være \
            hadde ble blir",
    ),
    (
        "ca",
        "de la i el que a en els les un per amb una del no es al va dels és ha més com són pel han \
            seva aquest aquesta també però sobre entre ser",
    ),
    (
        "ro",
        "de și în a la cu pe care din că nu o un mai pentru au ce se este fost sunt dar prin lui \
            după sau fi să ca le al ale cel",
    ),
    (
        "pl",
        "w i na z się do nie to że jest o jak po co dla od za przez ale są tym tego być był była \
            oraz jego który która które roku już",
    ),
    (
        "tr",
        "ve bir bu da de için ile olarak çok daha olan en gibi kadar sonra ne ise ancak var ya \
            oldu göre her iki o ki",
    ),
    (
        "id",
        "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga ke karena ada mereka \
            lebih telah oleh atau sebagai kami bisa saat",
    ),
];

/// The language of a piece as a BCP 47 primary subtag; `und` when unsure.
#[must_use]
pub fn detect(title: &str, text: &str) -> &'static str {
    if let Some(language) = by_small_words(text) {
        return language;
    }
    let sample: String = title.chars().chain([' ']).chain(text.chars()).take(LOOK_AT).collect();
    let letters = sample.chars().filter(|c| c.is_alphabetic()).count();
    let Some(info) = whatlang::detect(&sample) else { return "und" };
    let tells_by_script = matches!(
        info.lang(),
        Lang::Cmn
            | Lang::Jpn
            | Lang::Kor
            | Lang::Tha
            | Lang::Ell
            | Lang::Kat
            | Lang::Hye
            | Lang::Khm
    );
    if tells_by_script && letters > 3 || letters >= ENOUGH && info.is_reliable() {
        return subtag(info.lang());
    }
    // Long texts in close languages are seldom "reliable" and mostly right.
    if letters > 200 && info.confidence() > 0.5 { subtag(info.lang()) } else { "und" }
}

/// The language of a text in which one language's small words stand so thickly
/// that there is no doubt. That is most of news, and takes a hundredth of the
/// time of comparing letters with all languages.
fn by_small_words(text: &str) -> Option<&'static str> {
    static MASKS: LazyLock<HashMap<&str, u32>> = LazyLock::new(|| {
        let mut masks = HashMap::new();
        for (at, (_, words)) in SMALL.iter().enumerate() {
            words.split_whitespace().for_each(|word| *masks.entry(word).or_default() |= 1 << at);
        }
        masks
    });
    let (mut hits, mut own) = ([0_usize; SMALL.len()], [0_usize; SMALL.len()]);
    let (mut seen, mut lower) = (0, String::new());
    let middle = text.floor_char_boundary(text.len() / 2);
    for part in [text, &text[middle..]] {
        let words = part.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
        for word in words.take(FIRST_WORDS) {
            seen += 1;
            // None of the words is longer.
            if word.len() > 12 {
                continue;
            }
            lower.clear();
            lower.extend(word.chars().flat_map(char::to_lowercase));
            let mut mask = MASKS.get(lower.as_str()).copied().unwrap_or(0);
            let alone = mask.is_power_of_two();
            while mask > 0 {
                let at = mask.trailing_zeros() as usize;
                hits[at] += 1;
                own[at] += usize::from(alone);
                mask &= mask - 1;
            }
        }
    }
    let best = (0..SMALL.len()).max_by_key(|at| (own[*at], hits[*at]))?;
    let others = (0..SMALL.len()).filter(|at| *at != best).map(|at| own[at]).max().unwrap_or(0);
    let is_sure = hits[best] >= SMALL_WORDS
        && hits[best] * 4 >= seen
        && own[best] >= OWN_WORDS
        && own[best] >= others * 4;
    is_sure.then_some(SMALL[best].0)
}

/// The usual form of a language tag: `EN_us` becomes `en-US`, `eng` becomes
/// `en`; `None` if it is no language tag.
#[must_use]
pub fn normalize(tag: &str) -> Option<String> {
    let tag = tag.trim().replace('_', "-");
    let tag = tag.split(['.', '@', ',', ';', ' ']).next().unwrap_or_default();
    let mut parts = tag.split('-');
    let primary = parts.next()?.to_ascii_lowercase();
    let is_word = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric());
    if !(2..=3).contains(&primary.len())
        || !primary.bytes().all(|b| b.is_ascii_lowercase())
        || tag.len() > 35
    {
        return None;
    }
    let mut out = match primary.as_str() {
        "und" | "zxx" | "mul" => return None,
        "iw" => "he".to_owned(),
        "in" => "id".to_owned(),
        "ji" => "yi".to_owned(),
        _ => Lang::from_code(&primary).map_or(primary.clone(), |lang| subtag(lang).to_owned()),
    };
    for part in parts {
        if part.is_empty() || part.len() > 8 || !is_word(part) {
            return None;
        }
        out.push('-');
        match part.len() {
            2 => out.push_str(&part.to_ascii_uppercase()),
            4 if part.bytes().all(|b| b.is_ascii_alphabetic()) => {
                out.push_str(&part[..1].to_ascii_uppercase());
                out.push_str(&part[1..].to_ascii_lowercase());
            }
            _ => out.push_str(&part.to_ascii_lowercase()),
        }
    }
    Some(out)
}

/// The shortest BCP 47 tag of a language that ISO 639-3 names with three letters.
fn subtag(lang: Lang) -> &'static str {
    match lang {
        Lang::Epo => "eo",
        Lang::Eng => "en",
        Lang::Rus => "ru",
        Lang::Cmn => "zh",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Ben => "bn",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Ukr => "uk",
        Lang::Kat => "ka",
        Lang::Ara => "ar",
        Lang::Hin => "hi",
        Lang::Jpn => "ja",
        Lang::Heb => "he",
        Lang::Yid => "yi",
        Lang::Pol => "pl",
        Lang::Amh => "am",
        Lang::Jav => "jv",
        Lang::Kor => "ko",
        Lang::Nob => "nb",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Fin => "fi",
        Lang::Tur => "tr",
        Lang::Nld => "nl",
        Lang::Hun => "hu",
        Lang::Ces => "cs",
        Lang::Ell => "el",
        Lang::Bul => "bg",
        Lang::Bel => "be",
        Lang::Mar => "mr",
        Lang::Kan => "kn",
        Lang::Ron => "ro",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        Lang::Tam => "ta",
        Lang::Vie => "vi",
        Lang::Urd => "ur",
        Lang::Tha => "th",
        Lang::Guj => "gu",
        Lang::Uzb => "uz",
        Lang::Pan => "pa",
        Lang::Aze => "az",
        Lang::Ind => "id",
        Lang::Tel => "te",
        Lang::Pes => "fa",
        Lang::Mal => "ml",
        Lang::Ori => "or",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Sin => "si",
        Lang::Khm => "km",
        Lang::Tuk => "tk",
        Lang::Aka => "ak",
        Lang::Zul => "zu",
        Lang::Sna => "sn",
        Lang::Afr => "af",
        Lang::Lat => "la",
        Lang::Slk => "sk",
        Lang::Cat => "ca",
        Lang::Tgl => "tl",
        Lang::Hye => "hy",
        Lang::Cym => "cy",
    }
}

/// The first part of a language tag: `pt` of `pt-BR`; none if it says nothing.
#[must_use]
pub fn primary(tag: &str) -> Option<String> {
    let first = tag.split('-').next()?.to_ascii_lowercase();
    let known = (2..=3).contains(&first.len()) && first != "und";
    (known && first.bytes().all(|b| b.is_ascii_lowercase())).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_apart_and_doubt_is_admitted() {
        for (text, language) in [
            (
                "The harbour has been closed since the spring and nobody expects it to open soon.",
                "en",
            ),
            (
                "Der Hafen ist seit dem Frühjahr geschlossen, und niemand erwartet, dass er bald öffnet.",
                "de",
            ),
            (
                "Le port est fermé depuis le printemps et personne ne pense qu’il rouvrira bientôt.",
                "fr",
            ),
            ("الميناء مغلق منذ الربيع ولا يتوقع أحد أن يفتح قريبا أمام السفن", "ar"),
            ("港口自春天以来一直关闭，没有人指望它很快重新开放。", "zh"),
            ("港は春から閉鎖されており、すぐに再開するとは誰も思っていない。", "ja"),
            ("", "und"),
            ("12345 !!", "und"),
            ("Ok", "und"),
        ] {
            assert_eq!(detect("", text), language, "{text}");
        }
    }

    #[test]
    fn small_words_decide_only_where_they_leave_no_doubt() {
        let english = "The harbour has been closed since the spring and nobody expects it to open \
                       soon, for the ships that wait outside are too heavy for the river. ";
        let danish = "Havnen har været lukket siden foråret, og ingen venter, at den åbner snart, \
                      for de skibe, der ligger ude på fjorden, er for tunge til floden. ";
        let french = "Le port est fermé depuis le printemps et personne ne pense qu’il rouvrira \
                      bientôt, car les navires qui attendent au large sont trop lourds pour la baie. ";
        let swahili = "Bandari imefungwa tangu majira ya kuchipua na hakuna anayetarajia itafunguliwa \
                       hivi karibuni kwa sababu meli zinazosubiri nje ni nzito mno kwa mto huo. ";

        assert_eq!(by_small_words(&english.repeat(3)), Some("en"));
        assert_eq!(by_small_words(&french.repeat(3)), Some("fr"));
        // Danish or Norwegian, half English half French, a language without a list, too little.
        assert_eq!(by_small_words(&danish.repeat(3)), None);
        assert_eq!(by_small_words(&format!("{}{}", english.repeat(3), french.repeat(3))), None);
        assert_eq!(by_small_words(&swahili.repeat(3)), None);
        assert_eq!(by_small_words("The harbour is closed."), None);
        assert_eq!(detect("", &danish.repeat(3)), "da");
    }

    #[test]
    fn tags_are_brought_into_the_usual_form() {
        for (tag, normal) in [
            ("EN_us", Some("en-US")),
            ("eng", Some("en")),
            ("zh-hans-cn", Some("zh-Hans-CN")),
            ("de_DE.UTF-8", Some("de-DE")),
            ("iw", Some("he")),
            ("es-419", Some("es-419")),
            ("english", None),
            ("", None),
            ("und", None),
            ("e n", None),
        ] {
            assert_eq!(normalize(tag).as_deref(), normal, "{tag}");
        }
    }
}
