use std::sync::LazyLock;

use super::*;
use crate::region::Declared;

static GAZETTEER: LazyLock<Gazetteer> = LazyLock::new(Gazetteer::builtin);
static TREE: LazyLock<Tree> = LazyLock::new(Tree::default);

fn path(text: &str) -> RegionPath {
    RegionPath::parse(text).unwrap()
}

fn label(kind: LabelKind, steps: &[&str]) -> Label {
    Label { kind, path: steps.iter().map(|step| (*step).to_owned()).collect() }
}

fn evidence<'a>(labels: &'a [Label], title: &'a str, text: &'a str) -> Evidence<'a> {
    Evidence { operator: None, labels, title, text, url: None, language: None, home: None }
}

fn verdict(labels: &[Label], title: &str, text: &str) -> Verdict {
    classify(&TREE, &GAZETTEER, &evidence(labels, title, text))
}

fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict.countries.iter().map(Country::as_str).collect()
}

/// Asserts the likeliest country of each text; `""` for none.
fn assert_countries(cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (text, code) in cases {
        let verdict = verdict(&[], text, "");
        let found = codes(&verdict).first().copied().unwrap_or_default();
        if found != *code {
            wrong.push(format!("{text}: {found}, not {code}: {:?}", verdict.reasons));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn names_with_several_owners_go_where_the_text_is() {
    assert_countries(&[
        ("Protests in Tbilisi: Georgia's parliament passes the law", "GE"),
        ("Atlanta and the rest of Georgia count votes again", "US"),
        ("Flood warnings for Paris, Texas", "US"),
        ("Flood warnings for Paris as the Seine rises", "FR"),
        ("Birmingham, Alabama, remembers its marches", "US"),
        ("Birmingham council and the Midlands: England's second city", "GB"),
        ("Amman: Jordan opens its border crossing", "JO"),
        ("Michael Jordan sells his house in Chicago", "US"),
        ("Chad's president meets ministers in N'Djamena", "TD"),
        ("Moscow, Idaho, gets a new school", "US"),
        ("Moscow answers the sanctions", "RU"),
        ("London, Ontario, builds a tram", "CA"),
        ("Cambridge, Massachusetts, votes on bicycles", "US"),
        ("Niger's junta in Niamey", "NE"),
        ("Nigeria's senate in Abuja", "NG"),
        ("Guinea-Bissau votes", "GW"),
        ("Equatorial Guinea exports gas", "GQ"),
        ("Papua New Guinea counts its dead", "PG"),
        ("South Sudan and its capital Juba", "SS"),
        ("North Korea fires a missile", "KP"),
        ("Seoul: South Korea raises rates", "KR"),
        ("The Democratic Republic of Congo fights measles in Kinshasa", "CD"),
        ("Dominican Republic builds a wall near Dajabon", "DO"),
        ("Turkey's lira falls in Istanbul", "TR"),
        ("Santiago: Chile writes a constitution", "CL"),
        ("Cordoba, Argentina, sees a strike", "AR"),
        ("Valencia, Spain, after the storm", "ES"),
        ("Valencia, Venezuela, without power", "VE"),
        ("Texas and Florida sue over the rule", "US"),
        ("Sheriff's deputies in Cook County charge a driver", "US"),
        ("Residents of Fresno, Calif., lost power", "US"),
        ("Kremlin denies the report", "RU"),
        ("White House denies the report", "US"),
        ("Downing Street denies the report", "GB"),
        ("Crimea's bridge closed again", "UA"),
        ("Mumbai trains stop after heavy rain", "IN"),
        ("Lagos traders close their shops", "NG"),
        ("Ivorian cocoa farmers wait for rain", "CI"),
    ]);
}

#[test]
fn words_that_are_no_places_say_nothing() {
    assert_countries(&[
        ("Reading books is good for children", ""),
        ("Nice weather for a walk", ""),
        ("Most of it was lost", ""),
        ("The New York Times wins a prize", ""),
        ("How to bake bread", ""),
        ("", ""),
        ("Mobile phones get dearer", ""),
        ("Of mice and men", ""),
        ("Victoria Beckham opens a shop", ""),
        ("A life of Abraham Lincoln", ""),
        ("Thanks to Paris Hilton", ""),
    ]);
}

#[test]
fn texts_in_other_languages_and_scripts_are_understood() {
    assert_countries(&[
        ("Le président russe reçoit les ambassadeurs à Moscou", "RU"),
        ("L’Ukraine demande des armes", "UA"),
        ("Der Bundestag berät über die deutsche Wirtschaft", "DE"),
        ("Französische Bauern blockieren Straßen bei Lyon", "FR"),
        ("El gobierno español aprueba la ley en Madrid", "ES"),
        ("O governo brasileiro em Brasília", "BR"),
        ("Il governo italiano a Roma", "IT"),
        ("В Москве прошли выборы, сообщили российские власти", "RU"),
        ("Президент Франции прибыл в Париж", "FR"),
        ("الرئيس المصري يفتتح القناة في القاهرة", "EG"),
        ("انتخابات في الأردن", "JO"),
        ("中国总理在北京会见客人", "CN"),
        ("日本の首相が東京で会見", "JP"),
        ("フランスの農家がパリで抗議", "FR"),
        ("대한민국 대통령이 서울에서", "KR"),
        ("Wahlen in der Elfenbeinküste", "CI"),
        ("Élections en Côte d’Ivoire", "CI"),
    ]);
}

#[test]
fn the_breadcrumb_decides_and_the_text_adds_behind() {
    let labels = [label(LabelKind::Breadcrumb, &["Home", "AMERICAS", "UNITED STATES"])];
    let verdict = verdict(
        &labels,
        "A broken reset between Washington and Moscow",
        "The United States and Russia talk again. Russian diplomats in Moscow blame American \
         policy; Russia and the Russian press do the same. Washington blames Russia.",
    );

    assert_eq!(verdict.regions[0], path("americas/united-states"));
    assert_eq!(verdict.origin, Origin::Breadcrumb);
    assert_eq!(codes(&verdict)[..2], ["US", "RU"]);
    assert!(verdict.regions.contains(&path("europe/russia")));
    assert!(verdict.reasons.iter().any(|reason| reason.evidence == "UNITED STATES"));
}

#[test]
fn labels_decide_whatever_their_form() {
    for (steps, region) in [
        (&["AMERICAS", "UNITED STATES"][..], "americas/united-states"),
        (&["Home", "World", "Africa"], "africa"),
        (&["World > Europe > France"], "europe/france"),
        (&["Home » ASIA » China"], "asia/china"),
        (&["americas/united-states"], "americas/united-states"),
        (&["united-states"], "americas/united-states"),
        (&["US News"], "americas/united-states"),
        (&["Monde", "Afrique", "Sénégal"], "africa/senegal"),
        (&["Ausland", "Europa", "Österreich"], "europe/austria"),
        (&["Мир", "Европа", "Польша"], "europe/poland"),
        (&["国际", "亚洲", "日本"], "asia/japan"),
        (&["Bosnia & Herzegovina"], "europe/bosnia-and-herzegovina"),
        (&["World > Europe > Balkans"], "europe"),
        (&["Eastern Europe"], "europe"),
        (&["US", "Texas"], "americas/united-states"),
        (&["News", "Scotland"], "europe/united-kingdom"),
        (&["Sub-Saharan Africa"], "africa"),
        (&["Asie-Pacifique"], "asia"),
        (&["Middle East"], "asia"),
        (&["Georgia"], "asia/georgia"),
    ] {
        let verdict = verdict(&[label(LabelKind::Category, steps)], "No place at all", "");

        assert_eq!(verdict.regions[0], path(region), "{steps:?}");
        assert_eq!(verdict.origin, Origin::Category, "{steps:?}");
    }
}

#[test]
fn sections_that_are_no_places_are_neither_matched_nor_reported() {
    let labels = [
        label(LabelKind::Breadcrumb, &["Home", "World", "News", "Opinion"]),
        label(LabelKind::Category, &["Culture"]),
        label(LabelKind::Tag, &["gardening"]),
    ];
    let verdict = verdict(&labels, "Roses in spring", "They want light.");

    assert_eq!(verdict.regions, [RegionPath::world()]);
    assert_eq!(verdict.origin, Origin::Source);
    assert_eq!(verdict.unmatched, [""; 0]);
}

#[test]
fn a_region_beyond_the_tree_is_reported_and_the_piece_goes_by_its_country() {
    let labels = [label(LabelKind::Breadcrumb, &["Home", "Middle East"])];
    let verdict =
        verdict(&labels, "Bread is dear in Damascus", "Syrians queue in Damascus and Aleppo.");

    assert_eq!(verdict.regions, [path("asia/syria")]);
    assert_eq!(verdict.origin, Origin::Text);
    assert_eq!(verdict.unmatched, ["Middle East"]);
}

#[test]
fn a_declared_region_takes_its_labels_and_its_countries() {
    let declared = Declared {
        path: path("middle-east"),
        name: None,
        countries: vec![Country::parse("SY").unwrap()],
        aliases: vec!["MENA".to_owned()],
    };
    let tree = Tree::new(&[declared], 2).unwrap();
    let labels = [label(LabelKind::Category, &["MENA"])];
    let text = "Syrians queue for bread in Damascus and Aleppo.";
    let verdict = classify(&tree, &GAZETTEER, &evidence(&labels, "Dear bread", text));

    assert_eq!(verdict.regions, [path("middle-east"), path("middle-east/syria")]);
    assert_eq!(verdict.unmatched, [""; 0]);
}

#[test]
fn trust_falls_from_operator_to_source() {
    let labels = [
        label(LabelKind::Tag, &["Peru"]),
        label(LabelKind::Category, &["Kenya"]),
        label(LabelKind::Breadcrumb, &["Japan"]),
    ];
    let operator = path("europe/malta");
    let all = Evidence {
        operator: Some(&operator),
        home: Country::parse("NZ"),
        ..evidence(&labels, "Elections in Poland", "Poland votes, in Warsaw and in Krakow.")
    };
    let decide = |evidence: Evidence<'_>| {
        let verdict = classify(&TREE, &GAZETTEER, &evidence);
        (verdict.regions[0].to_string(), verdict.origin)
    };

    assert_eq!(decide(all), ("europe/malta".to_owned(), Origin::Operator));
    let all = Evidence { operator: None, ..all };
    assert_eq!(decide(all), ("asia/japan".to_owned(), Origin::Breadcrumb));
    let all = Evidence { labels: &labels[..2], ..all };
    assert_eq!(decide(all), ("africa/kenya".to_owned(), Origin::Category));
    let all = Evidence { labels: &labels[..1], ..all };
    assert_eq!(decide(all), ("americas/peru".to_owned(), Origin::Category));
    let all = Evidence { labels: &[], ..all };
    assert_eq!(decide(all), ("europe/poland".to_owned(), Origin::Text));
    let all = Evidence { title: "Roses", text: "They want light.", ..all };
    assert_eq!(decide(all), ("oceania/new-zealand".to_owned(), Origin::Source));
    let all = Evidence { home: None, ..all };
    assert_eq!(decide(all), ("world".to_owned(), Origin::Source));
}

#[test]
fn of_equal_tags_the_text_picks_the_first() {
    let labels = ["Peru", "Chile", "Bolivia"].map(|name| label(LabelKind::Tag, &[name]));
    let verdict = verdict(&labels, "La Paz without water", "Bolivia rations water in La Paz.");

    assert_eq!(verdict.regions[0], path("americas/bolivia"));
    assert_eq!(verdict.regions.len(), 3);
}

#[test]
fn a_piece_about_many_countries_of_one_region_belongs_to_the_region() {
    let text = "Germany, France, Italy, Spain and Poland agree on rails. Trains from Germany to France \
        and from Italy to Spain and Poland will run at night. Berlin, Paris, Rome, Madrid and \
        Warsaw pay.";
    let verdict = verdict(&[], "Night trains for Germany, France, Italy, Spain and Poland", text);

    assert_eq!(verdict.regions[0], path("europe"));
    assert!(verdict.countries.len() >= 4, "{:?}", verdict.countries);
}

#[test]
fn the_home_of_a_source_settles_a_name_with_several_owners() {
    let title = "Police in Newcastle look for a lorry";
    let at_home = |code| {
        let home = Country::parse(code);
        classify(&TREE, &GAZETTEER, &Evidence { home, ..evidence(&[], title, "") }).regions
    };

    assert_eq!(at_home("AU")[0], path("oceania/australia"));
    assert_eq!(at_home("GB")[0], path("europe/united-kingdom"));
    assert_eq!(at_home("ZA")[0], path("africa/south-africa"));
}

#[test]
fn a_region_wider_than_a_country_is_better_than_none() {
    for (title, text, region) in [
        ("African leaders meet", "The African Union wants a seat.", "africa"),
        ("South American farmers wait for rain", "They planted late.", "americas"),
        ("Prices rise", "The Middle East and the Middle East again.", "asia"),
        ("Prices rise", "Europe and Asia differ.", "world"),
        ("Prices rise", "Once in Europe.", "world"),
    ] {
        assert_eq!(verdict(&[], title, text).regions[0], path(region), "{title}");
    }
}

#[test]
fn the_folders_of_an_address_are_labels_unless_they_may_be_something_else() {
    let filed = |url, title, text| {
        let verdict =
            classify(&TREE, &GAZETTEER, &Evidence { url: Some(url), ..evidence(&[], title, text) });
        (verdict.regions[0].to_string(), verdict.origin)
    };
    let of = |region: &str, origin| (region.to_owned(), origin);

    let quiet = ("A quiet week", "Nothing happened.");
    for (url, expected) in [
        (
            "https://n.example/world/africa/kenya/2026/a-quiet-week",
            of("africa/kenya", Origin::Category),
        ),
        ("https://n.example/news/latin-america/a?x=/asia/", of("world", Origin::Source)),
        ("https://n.example/asia/japan", of("asia", Origin::Category)),
        ("https://n.example/de/2026/a", of("world", Origin::Source)),
        ("https://n.example/georgia/a", of("world", Origin::Source)),
        ("not an address", of("world", Origin::Source)),
    ] {
        assert_eq!(filed(url, quiet.0, quiet.1), expected, "{url}");
    }
}

#[test]
fn what_lies_in_the_publishers_region_goes_first() {
    let labels = [label(LabelKind::Breadcrumb, &["Asia"])];
    let text = "Germany, Germany, German money and a German engineer in Yemen. Berlin pays.";
    let verdict = verdict(&labels, "German money for Yemen", text);

    assert_eq!(codes(&verdict), ["YE", "DE"]);
}

#[test]
fn nouns_with_a_capital_are_no_towns_in_german() {
    let text = "Der Zug fährt über neun Bogen. Am Bogen wird gebaut, sagt die Bahn; der Zug wartet. An dieser Stelle der Alpen gibt es eine Wiese und einen Damm. Ein Bogen fehlt.";
    let evidence = Evidence { language: Some("de"), ..evidence(&[], "Ein Bogen fehlt", text) };
    let verdict = classify(&TREE, &GAZETTEER, &evidence);

    assert_eq!(codes(&verdict), [""; 0], "{:?}", verdict.reasons);
}

#[test]
fn any_input_gives_a_verdict() {
    let long = "Paris, ".repeat(5_000);
    let deep = vec![label(LabelKind::Tag, &["a > b / c"; 50]); 60];
    for text in [long.as_str(), "\u{0}", "....", "中", "U.", "ﷺ", "é́́́"] {
        let verdict = verdict(&deep, text, text);

        assert!(!verdict.regions.is_empty());
        assert!(verdict.reasons.len() <= 20);
    }
}
