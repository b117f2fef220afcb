//! Where a publisher filed a piece: categories, breadcrumbs, folders.

use crate::article::clean::strip_controls;
use crate::article::{Label, LabelKind};

/// The longest word that still is a label, in characters.
const LONGEST: usize = 80;

/// The label that one category says; `AMERICAS/United States` and
/// `World > Europe` are paths. `None` if it says nothing.
#[must_use]
pub fn label(kind: LabelKind, text: &str) -> Option<Label> {
    let text = strip_controls(text);
    let whole = text.trim_matches(['/', '>', '»', '›', ' ']);
    if whole.is_empty() || whole.chars().count() > 3 * LONGEST || is_address(whole) {
        return None;
    }
    let path = ["»", "›", " > ", ">", "::", " / ", "/"]
        .into_iter()
        .find_map(|mark| parts(whole, mark))
        .unwrap_or_else(|| vec![whole.to_owned()]);
    Some(Label { kind, path })
}

/// Adds a label unless an equal path is there.
pub fn add(labels: &mut Vec<Label>, label: Option<Label>) {
    if let Some(label) = label
        && labels.len() < 100
        && !labels.iter().any(|known| known.path == label.path)
    {
        labels.push(label);
    }
}

/// A crumb that leads to the front page and files nothing.
#[must_use]
pub fn is_home(crumb: &str) -> bool {
    const HOMES: [&str; 40] = [
        "home",
        "homepage",
        "home page",
        "start",
        "front page",
        "startseite",
        "accueil",
        "inicio",
        "início",
        "página inicial",
        "portada",
        "home pagina",
        "voorpagina",
        "forside",
        "hjem",
        "hem",
        "etusivu",
        "strona główna",
        "domů",
        "hlavní strana",
        "kezdőlap",
        "acasă",
        "ana sayfa",
        "anasayfa",
        "trang chủ",
        "beranda",
        "главная",
        "головна",
        "начало",
        "αρχική",
        "الرئيسية",
        "خانه",
        "דף הבית",
        "ホーム",
        "トップ",
        "首页",
        "首頁",
        "홈",
        "होम",
        "หน้าแรก",
    ];
    const HERE: [&str; 8] = [
        "you are here",
        "sie sind hier",
        "sie befinden sich hier",
        "vous êtes ici",
        "estás aquí",
        "você está aqui",
        "当前位置",
        "現在地",
    ];
    let crumb = crumb.trim().to_lowercase();
    let crumb = crumb.trim_end_matches([':', '：', ' ']);
    crumb == "⌂" || HOMES.contains(&crumb) || HERE.contains(&crumb)
}

/// A last crumb that only says that the piece stands here.
#[must_use]
pub fn is_here(crumb: &str) -> bool {
    ["article", "story", "post", "正文", "記事", "本文", "기사"]
        .contains(&crumb.to_lowercase().as_str())
}

fn parts(text: &str, mark: &str) -> Option<Vec<String>> {
    let parts: Vec<String> = text.split(mark).map(|part| part.trim().to_owned()).collect();
    let letters = |part: &str| part.chars().filter(|c| c.is_alphabetic()).count();
    let least = if mark == "/" { 3 } else { 1 };
    let cjk = |part: &str| part.chars().any(|c| c >= '\u{3040}');
    let good = (2..=6).contains(&parts.len())
        && parts.iter().all(|part| {
            part.chars().count() <= LONGEST
                && (letters(part) >= least || cjk(part) && letters(part) > 0)
        });
    good.then_some(parts)
}

fn is_address(text: &str) -> bool {
    text.contains("://") || text.starts_with("www.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_a_path_only_where_it_looks_like_one() {
        for (text, path) in [
            ("AMERICAS/United States", &["AMERICAS", "United States"][..]),
            ("World > Europe", &["World", "Europe"]),
            ("World » Asia » Japan", &["World", "Asia", "Japan"]),
            ("Africa::Kenya", &["Africa", "Kenya"]),
            ("/africa/kenya/", &["africa", "kenya"]),
            ("AC/DC", &["AC/DC"]),
            ("24/7", &["24/7"]),
            (" Middle\n East ", &["Middle East"]),
            ("亚洲/日本", &["亚洲", "日本"]),
        ] {
            assert_eq!(label(LabelKind::Category, text).unwrap().path, path, "{text}");
        }
        assert_eq!(label(LabelKind::Category, "https://e.example/a/b"), None);
        assert_eq!(label(LabelKind::Category, " / "), None);
    }
}
