//! Names of months, halves of the day and time zones.

/// `am` or `pm`: how many hours to add.
pub fn half(word: &str) -> Option<u8> {
    match word {
        "am" | "a.m" | "a.m." => Some(0),
        "pm" | "p.m" | "p.m." => Some(12),
        _ => None,
    }
}

/// Minutes east of Greenwich.
pub fn zone_minutes(zone: &str) -> Option<i64> {
    let upper = zone.trim().to_ascii_uppercase();
    let upper = upper.replace('−', "-");
    let bare = upper.trim_start_matches("ETC/").trim_start_matches("UTC").trim_start_matches("GMT");
    if let Some(rest) = bare.strip_prefix(['+', '-']) {
        let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
        let (hours, minutes) = match digits.len() {
            1 | 2 => (digits.parse::<i64>().ok()?, 0),
            3 => (digits[..1].parse().ok()?, digits[1..].parse().ok()?),
            4.. => (digits[..2].parse().ok()?, digits[2..4].parse().ok()?),
            0 => return None,
        };
        let sign = if bare.starts_with('-') { -1 } else { 1 };
        return (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes));
    }
    let hours = match upper.as_str() {
        "" | "Z" | "UT" | "UTC" | "GMT" | "WET" => 0,
        "EST" | "CDT" => -5,
        "EDT" | "AST" => -4,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" | "AKDT" => -8,
        "AKST" => -9,
        "HST" => -10,
        "BST" | "CET" | "MEZ" | "WEST" | "WAT" | "MET" => 1,
        "CEST" | "MESZ" | "EET" | "SAST" | "CAT" | "MEST" => 2,
        "EEST" | "MSK" | "EAT" => 3,
        "IST" => return Some(330),
        "JST" | "KST" => 9,
        "AEST" => 10,
        "AEDT" => 11,
        "NZST" => 12,
        "NZDT" => 13,
        // The letters of the military, as RFC 822 names them; RFC 2822 says
        // that most who wrote them had the sign wrong, so they count as UTC.
        zone if zone.len() == 1 && zone.as_bytes()[0].is_ascii_alphabetic() => 0,
        // `Z+0100`, `GMT Standard Time`: it was said first.
        zone if zone.starts_with("Z+") || zone.starts_with("Z-") => 0,
        _ => return None,
    };
    Some(hours * 60)
}

/// How the names of months begin, in some forty languages of Europe, Arabic
/// and Hebrew; where two mean different months by one word, the larger wins.
const MONTHS: [&[&str]; 12] = [
    &[
        "jan",
        "ene",
        "gen",
        "ian",
        "tammi",
        "sty",
        "led",
        "oca",
        "jän",
        "янв",
        "січ",
        "ιαν",
        "يناير",
        "ינו",
    ],
    &[
        "feb",
        "fév",
        "fev",
        "helmi",
        "lut",
        "úno",
        "únor",
        "şub",
        "фев",
        "лют",
        "φεβ",
        "φεύ",
        "فبراير",
        "פבר",
    ],
    &[
        "mar", "mär", "már", "maar", "maal", "mrz", "bře", "мар", "бер", "μαρ", "μάρ", "مارس",
        "מרץ", "מרס",
    ],
    &[
        "apr",
        "avr",
        "abr",
        "ápr",
        "huhti",
        "kwi",
        "dub",
        "nis",
        "апр",
        "кві",
        "απρ",
        "أبريل",
        "אפר",
    ],
    &[
        "may", "mai", "maí", "mag", "mei", "maj", "máj", "touko", "kvě", "мая", "май", "тра",
        "μαϊ", "μάι", "μαι", "مايو", "מאי",
    ],
    &[
        "jun",
        "juin",
        "giu",
        "jún",
        "iun",
        "kesä",
        "cze",
        "čer",
        "haz",
        "июн",
        "чер",
        "ιουν",
        "ιούν",
        "يونيو",
        "יונ",
    ],
    &[
        "jul",
        "juil",
        "lug",
        "júl",
        "iul",
        "heinä",
        "lip",
        "červenec",
        "července",
        "tem",
        "июл",
        "лип",
        "ιουλ",
        "ιούλ",
        "يوليو",
        "יול",
    ],
    &[
        "aug",
        "aoû",
        "aou",
        "ago",
        "agu",
        "ágú",
        "elo",
        "sie",
        "srp",
        "ağu",
        "авг",
        "сер",
        "αυγ",
        "أغسطس",
        "אוג",
    ],
    &["sep", "set", "szept", "syys", "wrz", "zář", "eyl", "сен", "вер", "σεπ", "سبتمبر", "ספט"],
    &[
        "oct",
        "okt",
        "ott",
        "out",
        "loka",
        "paź",
        "říj",
        "eki",
        "окт",
        "жов",
        "οκτ",
        "أكتوبر",
        "אוק",
    ],
    &["nov", "noi", "nóv", "marras", "lis", "kas", "ноя", "лис", "νοε", "νοέ", "نوفمبر", "נוב"],
    &[
        "dec",
        "déc",
        "dez",
        "dic",
        "des",
        "joulu",
        "gru",
        "pro",
        "ara",
        "дек",
        "гру",
        "δεκ",
        "ديسمبر",
        "דצמ",
    ],
];

/// A month by its name in any of these languages, or its first letters.
pub fn month(word: &str) -> Option<u32> {
    let word = word.trim_matches('.').to_lowercase();
    if word.chars().count() < 3 {
        return None;
    }
    let names =
        MONTHS.iter().zip(1..).flat_map(|(names, month)| names.iter().map(move |n| (*n, month)));
    // `marras` is not `mar`.
    names
        .filter(|(name, _)| word.starts_with(name))
        .max_by_key(|(name, _)| name.len())
        .map(|(_, m)| m)
}
