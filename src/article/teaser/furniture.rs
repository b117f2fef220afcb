//! Lines that are no part of a piece: bylines, credits, and what a site prints
//! around everything.

use super::sentences::is_stop;

/// Words with which a byline or a credit opens, in ten languages.
const BYLINES: [&str; 46] = [
    "by ",
    "von ",
    "par ",
    "por ",
    "di ",
    "door ",
    "от ",
    "автор",
    "بقلم",
    "作者",
    "文／",
    "文/",
    "撰文",
    "– ",
    "— ",
    "text:",
    "texte :",
    "texto:",
    "testo:",
    "tekst:",
    "written by",
    "story by",
    "reporting by",
    "published",
    "updated",
    "posted",
    "last updated",
    "veröffentlicht",
    "aktualisiert",
    "stand:",
    "publié",
    "mis à jour",
    "publicado",
    "actualizado",
    "atualizado",
    "pubblicato",
    "aggiornato",
    "опубликовано",
    "обновлено",
    "نشر",
    "发布",
    "更新",
    "公開",
    "source:",
    "quelle:",
    "fuente:",
];

/// Words with which the credit of a picture opens.
const CREDITS: [&str; 36] = [
    "photo",
    "image:",
    "images:",
    "image credit",
    "picture:",
    "credit",
    "featured image",
    "getty images",
    "illustration:",
    "video:",
    "graphic:",
    "map:",
    "foto",
    "bild:",
    "bilder:",
    "bildnachweis",
    "grafik:",
    "crédit",
    "légende",
    "illustration :",
    "imagen:",
    "crédito",
    "fotografía",
    "imagem:",
    "immagine:",
    "credito",
    "фото",
    "снимок",
    "صورة",
    "تصوير",
    "图片",
    "图：",
    "图/",
    "摄影",
    "写真",
    "撮影",
];

/// Words with which a line opens that a site prints around every piece.
const FURNITURE: [&str; 62] = [
    "continue reading",
    "read more",
    "read also",
    "read the full",
    "keep reading",
    "see also",
    "check also",
    "leave a reply",
    "your email address",
    "share this",
    "click here",
    "subscribe",
    "sign up",
    "log in",
    "advertisement",
    "sponsored",
    "this article was originally",
    "this article originally",
    "this article appeared",
    "this story was",
    "this post",
    "the post ",
    "related:",
    "related articles",
    "more on this",
    "listen to",
    "follow us",
    "support us",
    "editor’s note",
    "editor's note",
    "weiterlesen",
    "mehr lesen",
    "lesen sie auch",
    "lesen sie mehr",
    "mehr zum thema",
    "anzeige",
    "newsletter",
    "lire la suite",
    "lire aussi",
    "à lire aussi",
    "en savoir plus",
    "publicité",
    "abonnez",
    "leer más",
    "lea también",
    "le puede interesar",
    "seguir leyendo",
    "publicidad",
    "suscríbase",
    "leia mais",
    "leia também",
    "continue lendo",
    "publicidade",
    "leggi anche",
    "leggi tutto",
    "continua a leggere",
    "читать далее",
    "читайте также",
    "اقرأ أيضا",
    "اقرأ المزيد",
    "阅读更多",
    "続きを読む",
];

/// Ends that a machine puts where it cut an excerpt.
const CUTS: [&str; 28] = [
    "[…]",
    "[...]",
    "[&hellip;]",
    "(…)",
    "(...)",
    "…",
    "...",
    "(more)",
    "continue reading",
    "read more",
    "read on",
    "keep reading",
    "full story",
    "weiterlesen",
    "mehr lesen",
    "lire la suite",
    "en savoir plus",
    "leer más",
    "seguir leyendo",
    "leia mais",
    "continue lendo",
    "leggi tutto",
    "continua a leggere",
    "lees verder",
    "читать далее",
    "اقرأ المزيد",
    "阅读全文",
    "続きを読む",
];

/// "By the Africa desk", "– Africa desk", "Published: 3 May 2024".
pub(super) fn is_byline(line: &str) -> bool {
    if line.chars().count() > 120 {
        return false;
    }
    let lower = line.to_lowercase();
    BYLINES.iter().chain(&CREDITS).any(|begin| lower.starts_with(begin))
        && !lower.trim_end_matches('.').contains(". ")
        && !(lower.ends_with(is_stop) && lower.len() >= 40)
}

/// Lines that a site prints around every piece.
pub(super) fn is_furniture(line: &str) -> bool {
    let lower = line.to_lowercase();
    let lower = lower.trim_start_matches(['(', '[', ' ', '»', '→', '►', '▶', '-', '*', '•']);
    let short = line.chars().count() < 200;
    let credit =
        || CREDITS.iter().any(|begin| lower.starts_with(begin)) && lower.contains([':', '/', '©']);
    let legal = lower.contains('©') || lower.starts_with("all rights reserved");
    short
        && (FURNITURE.iter().any(|begin| lower.starts_with(begin))
            || credit()
            || legal && line.len() < 120)
}

/// Did a machine cut this excerpt?
pub(super) fn is_cut(excerpt: &str) -> bool {
    let bare = excerpt.trim_end().to_lowercase();
    let bare = bare.trim_end_matches(['»', '→', '>', '›', ' ', '\u{a0}']);
    // A full stop may stand behind the words, but not behind the dots.
    let words = bare.trim_end_matches(['.', ')', ':', '!', '…', ' ']);
    CUTS.iter().any(|end| {
        if end.contains(char::is_alphabetic) {
            words.ends_with(end.trim_matches(['(', ')']))
        } else {
            bare.ends_with(end)
        }
    })
}

/// What WordPress puts under every excerpt of its feeds.
pub(super) fn without_footer(excerpt: &str) -> &str {
    let at = excerpt.rfind("The post ").filter(|at| excerpt[*at..].contains("appeared first on"));
    at.map_or(excerpt, |at| &excerpt[..at])
}

/// The text behind the place and agency with which agencies open: "NAIROBI,
/// Kenya (Agency) — ".
pub(super) fn without_dateline(line: &str) -> &str {
    let head: String = line.chars().take(60).collect();
    let dash = [" — ", " – ", " -- ", " - ", ") "]
        .iter()
        .filter_map(|dash| head.find(dash).map(|at| (at, dash.len(), *dash)));
    let Some((at, length, dash)) = dash.min() else { return line };
    let place = &head[..at];
    let shouted = place.split([' ', ',', '(']).next().is_some_and(|word| {
        word.chars().count() > 2 && word.chars().all(|c| c.is_uppercase() || c == '-' || c == '.')
    });
    let agency = place.contains('(') || dash == ") ";
    let plain = !place.contains(['.', '!', '?', '"', '“', '”', ':', ';']);
    if shouted && plain && (agency || dash != " - ") {
        let rest = line[at + length..].trim_start_matches([' ', '-', '–', '—']);
        if rest.chars().count() >= 40 {
            return rest;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bylines_credits_and_furniture_are_known_in_many_languages() {
        for line in [
            "By the Africa desk",
            "– Africa desk",
            "Published: 3 May 2024",
            "Von der Redaktion",
            "Par notre bureau",
            "Por la redacción",
            "Foto: Hafenamt",
            "Photo © Harbour Board",
            "作者：编辑部",
            "Фото: пресс-служба",
            "تصوير: وكالة",
        ] {
            assert!(is_byline(line), "{line}");
        }
        for line in [
            "Continue reading →",
            "» Read more",
            "Lire aussi : le port",
            "Lesen Sie auch: Der Hafen",
            "Leia também: o porto",
            "(Featured Image: an agency)",
            "Bild: Agentur / Archiv",
            "© 2026 The Review. All rights reserved.",
            "続きを読む",
        ] {
            assert!(is_furniture(line), "{line}");
        }
        for line in [
            "By the river stands a town that has lived from salt since anybody can remember, and still does.",
            "Par un matin de mars, le lac a changé de couleur, et personne n’a su dire pourquoi, pas même les pêcheurs.",
            "Photography came to the island late. It came with a ship.",
        ] {
            assert!(!is_byline(line) && !is_furniture(line), "{line}");
        }
    }

    #[test]
    fn a_dateline_is_left_out_and_a_shout_is_not() {
        let body = "The harbour of the capital opened again on Monday after a year.";
        for (line, rest) in [
            (format!("NAIROBI, Kenya (AP) — {body}"), body.to_owned()),
            (format!("MOSCOW (Agency) - {body}"), body.to_owned()),
            (format!("BERLIN – {body}"), body.to_owned()),
            (format!("NATO – an alliance. {body}"), format!("an alliance. {body}")),
            (format!("Berlin – {body}"), format!("Berlin – {body}")),
            ("BERLIN – short.".to_owned(), "BERLIN – short.".to_owned()),
        ] {
            assert_eq!(without_dateline(&line), rest);
        }
    }
}
