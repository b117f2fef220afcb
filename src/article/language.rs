//! In which language a piece is written.

use whatlang::Lang;

/// Below this many letters nothing is claimed about a script that several
/// languages share.
const ENOUGH: usize = 24;
/// How much of a piece is looked at.
const LOOK_AT: usize = 4000;

/// The language of a piece as a BCP 47 primary subtag; `und` when unsure.
#[must_use]
pub fn detect(title: &str, text: &str) -> &'static str {
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
