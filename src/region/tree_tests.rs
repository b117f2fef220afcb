use super::*;

fn path(text: &str) -> RegionPath {
    RegionPath::parse(text).unwrap()
}

fn country(code: &str) -> Country {
    Country::parse(code).unwrap()
}

fn declared(at: &str, name: Option<&str>, countries: &[&str], aliases: &[&str]) -> Declared {
    Declared {
        path: path(at),
        name: name.map(str::to_owned),
        countries: countries.iter().map(|code| country(code)).collect(),
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
    }
}

fn tops(tree: &Tree) -> Vec<&str> {
    tree.paths().map(RegionPath::as_str).filter(|path| !path.contains('/')).collect()
}

#[test]
fn the_built_in_tree_has_five_regions_their_countries_and_the_world_last() {
    let tree = Tree::default();

    assert_eq!(tops(&tree), ["africa", "americas", "asia", "europe", "oceania", "world"]);
    assert_eq!(tree.paths().last(), Some(&RegionPath::world()));
    for (code, at) in [
        ("US", "americas/united-states"),
        ("CI", "africa/cote-divoire"),
        ("GB", "europe/united-kingdom"),
        ("SY", "asia/syria"),
        ("CW", "americas/curacao"),
        ("XK", "europe/kosovo"),
        ("BA", "europe/bosnia-and-herzegovina"),
        ("HK", "asia/hong-kong"),
    ] {
        assert_eq!(tree.of_country(country(code)), Some(&path(at)));
        assert_eq!(tree.country_of(&path(at)), Some(country(code)));
    }
    assert_eq!(tree.of_country(country("ZZ")), None);
    assert_eq!(tree.paths().count(), 249 + 6);
}

#[test]
fn depth_three_shows_the_subregions_between() {
    let tree = Tree::new(&[], 3).unwrap();

    assert_eq!(tree.of_country(country("PL")), Some(&path("europe/eastern-europe/poland")));
    assert_eq!(tree.of_country(country("VN")), Some(&path("asia/south-eastern-asia/vietnam")));
    assert_eq!(tree.path_of_label("Eastern Europe"), Some(&path("europe/eastern-europe")));
    assert_eq!(Tree::default().path_of_label("Eastern Europe"), Some(&path("europe")));
}

#[test]
fn names_come_in_ten_languages_and_else_in_english() {
    let tree = Tree::default();

    for (language, name) in [
        ("en", "United States"),
        ("fr-CA", "États-Unis"),
        ("de", "Vereinigte Staaten"),
        ("es", "Estados Unidos"),
        ("pt_BR", "Estados Unidos"),
        ("it", "Stati Uniti"),
        ("ar", "الولايات المتحدة"),
        ("zh", "美国"),
        ("ja", "アメリカ合衆国"),
        ("ru", "Соединенные Штаты"),
        ("tlh", "United States"),
        ("", "United States"),
    ] {
        assert_eq!(tree.name(&path("americas/united-states"), language), name);
    }
    assert_eq!(tree.name(&RegionPath::world(), "en"), "World");
    assert_eq!(tree.name(&path("gone/far-away"), "en"), "Far Away");
}

#[test]
fn an_operator_adds_a_region_and_moves_countries_under_it() {
    let middle_east =
        declared("middle-east", Some("The Middle East"), &["SY", "IQ", "IL"], &["MENA"]);
    let tree = Tree::new(&[middle_east], 2).unwrap();

    assert_eq!(
        tops(&tree),
        ["middle-east", "africa", "americas", "asia", "europe", "oceania", "world"]
    );
    assert_eq!(tree.of_country(country("SY")), Some(&path("middle-east/syria")));
    assert!(!tree.contains(&path("asia/syria")));
    let inside: Vec<_> = tree.countries_within(&path("middle-east")).collect();
    assert_eq!(inside, [country("SY"), country("IQ"), country("IL")]);
    assert_eq!(tree.path_of_label("mena"), Some(&path("middle-east")));
    assert_eq!(tree.path_of_label("Moyen-Orient"), Some(&path("middle-east")));
    assert_eq!(tree.path_of_label("Syrie"), Some(&path("middle-east/syria")));
    assert_eq!(tree.name(&path("middle-east"), "de"), "The Middle East");
}

#[test]
fn declared_regions_come_first_in_their_order_and_the_world_stays_last() {
    let tree = Tree::new(
        &[
            declared("world", Some("Everywhere"), &[], &[]),
            declared("europe", None, &[], &[]),
            declared("europe/poland", Some("Polska"), &[], &[]),
            declared("africa", None, &[], &[]),
        ],
        2,
    )
    .unwrap();

    assert_eq!(tops(&tree), ["europe", "africa", "americas", "asia", "oceania", "world"]);
    assert_eq!(tree.paths().nth(1), Some(&path("europe/poland")));
    assert_eq!(tree.name(&RegionPath::world(), "fr"), "Everywhere");
    assert!(tree.order(&path("europe")) < tree.order(&path("europe/poland")));
    assert!(tree.order(&path("europe/poland")) < tree.order(&path("europe/albania")));
    assert_eq!(tree.order(&path("europe/atlantis")), tree.order(&path("europe")));
    assert_eq!(tree.order(&path("atlantis")), tree.order(&RegionPath::world()));
}

#[test]
fn every_contradiction_is_told_at_once() {
    let errors = Tree::new(
        &[
            declared("middle-east", None, &["SY", "ZZ"], &["Orient"]),
            declared("levant", None, &["SY"], &[]),
            declared("levant", None, &[], &[]),
            declared("a/b", None, &[], &[]),
            declared("asia/syria", None, &[], &[]),
            declared("europe/france", None, &["BE"], &[]),
            declared("world", None, &["US"], &[]),
        ],
        4,
    )
    .unwrap_err();

    for wanted in [
        "depth = 4",
        "`ZZ` is no country",
        "`SY` is already claimed by `middle-east`",
        "`levant` is declared twice",
        "no region `a` around it",
        "stands at `middle-east/syria`",
        "`europe/france` is a country",
        "`world` holds what belongs nowhere else",
    ] {
        assert!(errors.iter().any(|error| error.contains(wanted)), "{wanted}: {errors:#?}");
    }
}

#[test]
fn one_label_for_two_regions_is_a_contradiction() {
    let both = [
        declared("levant", None, &["SY"], &["Orient"]),
        declared("gulf", None, &["QA"], &["ORIENT"]),
    ];

    assert!(Tree::new(&both, 2).unwrap_err()[0].contains("\"ORIENT\""));
}

#[test]
fn a_country_too_deep_is_a_contradiction_and_no_panic() {
    let deep = [
        declared("a", None, &[], &[]),
        declared("a/b", None, &[], &[]),
        declared("a/b/c", None, &[], &[]),
        declared("a/b/c/d", None, &["SY"], &[]),
    ];

    assert!(Tree::new(&deep, 2).unwrap_err()[0].contains("at most four parts"));
}

#[test]
fn labels_find_their_region_whatever_their_form() {
    let tree = Tree::default();

    for (label, at) in [
        ("AMERICAS", "americas"),
        ("UNITED STATES", "americas/united-states"),
        ("united-states", "americas/united-states"),
        ("americas/united-states", "americas/united-states"),
        ("U.S.", "americas/united-states"),
        ("US News", "americas/united-states"),
        ("Afrique", "africa"),
        ("Asien", "asia"),
        ("Европа", "europe"),
        ("欧洲新闻", "europe"),
        ("フランス", "europe/france"),
        ("مصر", "africa/egypt"),
        ("Cote d'Ivoire", "africa/cote-divoire"),
        ("Ivory Coast", "africa/cote-divoire"),
        ("Elfenbeinküste", "africa/cote-divoire"),
        ("South East Asia", "asia"),
        ("North Africa", "africa"),
        ("Turkey", "asia/turkiye"),
        ("Georgia", "asia/georgia"),
        ("World", "world"),
        ("Monde", "world"),
        ("Großbritannien", "europe/united-kingdom"),
        ("Bosnia and Herzegovina", "europe/bosnia-and-herzegovina"),
        ("Bosnia & Herzegovina", "europe/bosnia-and-herzegovina"),
    ] {
        assert_eq!(tree.path_of_label(label).map(RegionPath::as_str), Some(at), "{label}");
    }
    for label in ["", "…", "Opinion", "de", "FR", "at", "Home", &"a".repeat(5000)] {
        assert_eq!(tree.path_of_label(label), None, "{label}");
    }
}

#[test]
fn a_well_known_region_that_is_not_declared_is_known_elsewhere() {
    let tree = Tree::default();

    for (label, at) in [
        ("Middle East", "middle-east"),
        ("MENA", "mena"),
        ("Balkans", "balkans"),
        ("Latin America", "latin-america"),
        ("Asie-Pacifique", "asia-pacific"),
        ("Sub-Saharan Africa", "sub-saharan-africa"),
        ("Naher Osten", "middle-east"),
    ] {
        assert_eq!(tree.known_elsewhere(label).map(|known| known.path.as_str()), Some(at));
    }
    assert!(tree.known_elsewhere("Europe").is_none());
    assert!(tree.known_elsewhere("Opinion").is_none());
    let declaring = Tree::new(&[declared("middle-east", None, &["SY"], &["MENA"])], 2).unwrap();
    assert!(declaring.known_elsewhere("MENA").is_none());
    assert!(declaring.known_elsewhere("Near East").is_none());
    assert_eq!(declaring.name(&path("middle-east"), "en"), "Middle East");
}
