//! Where sentences end, in the ways of writing that the magazine's sources use.

/// A teaser's text is cut into sentences no further than this, in characters.
const FAR_ENOUGH: usize = 1_200;

/// Where sentences end, in bytes, the mark and its closing quotes included.
pub(super) fn ends(text: &str) -> impl Iterator<Item = usize> + '_ {
    let chars: Vec<(usize, char)> = text.char_indices().take(FAR_ENOUGH).collect();
    let whole = chars.len() < FAR_ENOUGH;
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < chars.len() {
            let (_, c) = chars[at];
            let stop = at;
            at += 1;
            if !is_stop(c) {
                continue;
            }
            // “ closes in German and opens where no space follows a stop.
            let closes = |next: char| is_closing(next) && !(is_full_width(c) && next == '“');
            while chars.get(at).is_some_and(|(_, c)| is_stop(*c) || closes(*c)) {
                at += 1;
            }
            // French puts a space before the closing quote.
            let spaced =
                chars.get(at).is_some_and(|(_, c)| matches!(c, '\u{a0}' | '\u{202f}' | ' '))
                    && chars.get(at + 1).is_some_and(|(_, c)| *c == '»');
            if spaced {
                at += 2;
            }
            let end = chars.get(at).map_or(text.len(), |(at, _)| *at);
            if is_full_width(c) {
                // A quote inside a sentence goes on with a small word of speech.
                let goes_on = chars.get(at).is_some_and(|(_, c)| matches!(c, 'と' | '，' | '、'));
                if goes_on {
                    continue;
                }
                return Some(end);
            }
            match chars.get(at) {
                None if whole => return Some(end),
                Some((_, next)) if next.is_whitespace() => {
                    let follows =
                        chars[at..].iter().find(|(_, c)| !c.is_whitespace() && !is_opening(*c));
                    let goes_on = follows.is_some_and(|(_, c)| c.is_lowercase());
                    let digit = follows.is_some_and(|(_, c)| c.is_ascii_digit());
                    let abbreviated = c == '.' && is_abbreviation(&chars[..stop], digit);
                    if !goes_on && !abbreviated {
                        return Some(end);
                    }
                }
                _ => {}
            }
        }
        None
    })
}

/// Words behind whose full stop the sentence goes on, whatever follows. A
/// language has only those that do not end its sentences: "etc." does.
const ABBREVIATIONS: &str = "\
    mr mrs ms dr prof st gen col lt sgt capt maj rev hon sen rep gov pres jr vs mt ft messrs \
    bzw ca evtl sog geb hl hr str ggf inkl zzgl vgl \
    mme mlle av bd \
    sra sr srta dra dres uds ud vd gral lic ing ee.uu \
    sig sigg sig.ra dott dott.ssa avv \
    exmo exma \
    mw dhr mevr drs \
    г гг ул им тыс млн млрд руб т.е т.н т.д т.п стр см \
    د أ \
    ph.d z.b d.h u.a i.e e.g u.s u.k u.n a.m p.m p.ej";

/// The same before a number only: "No. 7", "3 Jan. 2026", "Abs. 3".
const BEFORE_NUMBERS: &str = "\
    no nos nr art jan feb febr mar apr jun jul aug sep sept oct okt nov dec dez janv févr avr juil \
    déc p pp s vol fig approx bd n núm nº ch sec § ст п рис табл №";

/// Words behind which a number with a full stop is an ordinal.
const ORDINALS: &str = "am im vom zum beim bis seit ab der die das den dem des und ihr sein jeder";

/// The last word, in small letters.
fn word_before(before: &[(usize, char)]) -> String {
    let words = before.iter().rev().map(|(_, c)| *c).skip_while(|c| c.is_whitespace());
    let reversed: Vec<char> = words.take_while(|c| c.is_alphabetic()).take(12).collect();
    reversed.into_iter().rev().flat_map(char::to_lowercase).collect()
}

/// Does the word before a full stop only seem to end a sentence?
fn is_abbreviation(before: &[(usize, char)], number_follows: bool) -> bool {
    let start = before
        .iter()
        .rposition(|(_, c)| c.is_whitespace() || is_opening(*c) || *c == '’')
        .map_or(0, |at| at + 1);
    let word: String = before[start..].iter().map(|(_, c)| *c).collect();
    let lower = word.to_lowercase();
    // "U.S", "J", "e.g", "А.С": single letters parted by dots.
    let initials = !word.is_empty()
        && word
            .split(['.', '-'])
            .all(|part| part.chars().count() == 1 && part.chars().all(char::is_alphabetic));
    // "am 3. Oktober", "im 19. Jahrhundert": German ordinals.
    let ordinal = (1..=2).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_digit())
        && ORDINALS.split(' ').any(|known| known == word_before(&before[..start]));
    initials
        || ordinal
        || ABBREVIATIONS.split(' ').any(|known| known == lower)
        || number_follows && BEFORE_NUMBERS.split(' ').any(|known| known == lower)
}

/// Marks that end a sentence wherever they stand, for no space follows them.
fn is_full_width(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '｡' | '।' | '።')
}

/// Marks that can end a sentence.
pub(super) fn is_stop(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…' | '؟' | '۔') || is_full_width(c)
}

pub(super) fn is_closing(c: char) -> bool {
    matches!(c, '"' | '\'' | '”' | '’' | '»' | ')' | ']' | '」' | '』' | '）' | '“' | '›' | '‹')
}

pub(super) fn is_opening(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | '“'
            | '‘'
            | '«'
            | '('
            | '['
            | '「'
            | '『'
            | '（'
            | '„'
            | '»'
            | '¿'
            | '¡'
            | '‚'
            | '›'
            | '‹'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sentences with a bar where each ends.
    fn barred(text: &str) -> String {
        let plain = text.replace('|', "");
        let mut out = plain.clone();
        let ends: Vec<usize> = ends(&plain).collect();
        ends.iter().rev().for_each(|end| out.insert(*end, '|'));
        out
    }

    #[test]
    fn sentences_end_where_a_reader_of_the_language_would_end_them() {
        for text in [
            "Mr. Lund met Dr. Abe at 5 p.m. in the U.S. Senate.| He left.|",
            "Prices rose 3.5 per cent.| “Too much!” said No. 10.| Others agreed.|",
            "J. R. Berg asked: “Why?”| Nobody knew.| She told me.| They went on.| Then came DNA.| It fit.|",
            "Er kam am 3. Oktober, d. h. zu spät.| „Schade!“ rief sie.| Das war z. B. gestern bzw. heute.|",
            "Das Werk entstand im 19. Jahrhundert.| Heute steht es leer.|",
            "M. Dupont et Mme. Petit sont là.| « Enfin ! » dit-elle.| « C’est fini. »| Ils partent.|",
            "¿Quién pagará?| El Sr. Gómez y la Dra. Ruiz callan.| ¡Basta!| Nadie responde.|",
            "O Sr. Silva e a Dra. Costa saíram.| Ninguém falou.|",
            "Il dott. Rossi e l’avv. Bianchi tacciono.| È finita?| Sì.|",
            "В 1999 г. Пушкинский музей закрыли.| А.С. Иванов уехал.| Почему?| Никто не знает.|",
            "هل سيفتح الميناء؟| لا أحد يعرف.| انتهى.|",
            "港口关闭了。|谁会来？|“没有人。”|船在等。|",
            "港は閉鎖された。|「いつ開くのか。」と彼は言った。|誰も知らない。|",
            "Dhr. Jansen en mevr. Smit kwamen.| Niemand sprak.|",
        ] {
            assert_eq!(barred(text), text);
        }
    }

    #[test]
    fn what_never_ends_has_no_end() {
        assert_eq!(ends("no stop at all").count(), 0);
        assert_eq!(ends(&"word ".repeat(2_000)).count(), 0);
        assert_eq!(ends("").count(), 0);
    }
}
