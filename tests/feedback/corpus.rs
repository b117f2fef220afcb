//! Bounces, complaints and the like, written from the RFCs and from what
//! systems are known to send: each form of a bounce with each reply of a
//! server, and messages that stand alone.
//!
//! What is expected stands beside the replies and was written before the code
//! that reads them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Each system's form of a bounce, with places for the reply.
const FORMS: [(&str, &str); 24] = [
    ("communigate", include_str!("forms/communigate.eml")),
    ("courier", include_str!("forms/courier.eml")),
    ("domino", include_str!("forms/domino.eml")),
    ("exchange", include_str!("forms/exchange.eml")),
    ("exchange-old", include_str!("forms/exchange-old.eml")),
    ("exim", include_str!("forms/exim.eml")),
    ("exim-plain", include_str!("forms/exim-plain.eml")),
    ("gmail", include_str!("forms/gmail.eml")),
    ("groupwise", include_str!("forms/groupwise.eml")),
    ("hmailserver", include_str!("forms/hmailserver.eml")),
    ("imail", include_str!("forms/imail.eml")),
    ("mailenable", include_str!("forms/mailenable.eml")),
    ("mdaemon", include_str!("forms/mdaemon.eml")),
    ("office365", include_str!("forms/office365.eml")),
    ("opensmtpd", include_str!("forms/opensmtpd.eml")),
    ("outlook", include_str!("forms/outlook.eml")),
    ("postfix", include_str!("forms/postfix.eml")),
    ("qmail", include_str!("forms/qmail.eml")),
    ("sendmail", include_str!("forms/sendmail.eml")),
    ("sendmail-old", include_str!("forms/sendmail-old.eml")),
    ("ses", include_str!("forms/ses.eml")),
    ("surgemail", include_str!("forms/surgemail.eml")),
    ("yahoo", include_str!("forms/yahoo.eml")),
    ("zimbra-malformed", include_str!("forms/zimbra-malformed.eml")),
];

const ORIGINAL: &str = include_str!("original.eml");

/// One message, and the kind that it is.
#[derive(Debug)]
pub struct Sample {
    pub name: String,
    pub expected: String,
    pub message: Vec<u8>,
}

/// Whose mail it is about.
#[derive(Debug, Clone)]
pub struct About {
    pub recipient: String,
    pub return_path: String,
    pub message_id: String,
    pub unsubscribe: String,
    /// The return path of somebody else, whom the newsletter quotes.
    pub bystander: String,
}

impl Default for About {
    fn default() -> Self {
        Self {
            recipient: "reader.one@recipient.example".to_owned(),
            return_path: "bounce+token@news.example.org".to_owned(),
            message_id: "19e6ffbe800.12.345@news.example.org".to_owned(),
            unsubscribe: "AQ".repeat(40),
            bystander: "bounce+other@news.example.org".to_owned(),
        }
    }
}

/// All that the lines of `replies.tsv` hold.
struct Reply {
    expected: &'static str,
    code: &'static str,
    status: Option<&'static str>,
    words: &'static str,
}

fn replies() -> impl Iterator<Item = Reply> {
    let lines = include_str!("replies.tsv").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| {
        let mut columns = line.split('\t');
        let mut column = || columns.next().expect("four columns");
        let (expected, code, status, words) = (column(), column(), column(), column());
        Reply { expected, code, status: Some(status).filter(|status| *status != "-"), words }
    })
}

/// Every form with every reply, and the messages that stand alone.
pub fn all(about: &About) -> Vec<Sample> {
    let mut samples = vec![];
    for (form, template) in FORMS {
        for (number, reply) in replies().enumerate() {
            let name = format!("{form} #{number} {} {}", reply.code, reply.words);
            let message = fill(template, Some(&reply), about);
            samples.push(Sample { name, expected: reply.expected.to_owned(), message });
        }
    }
    samples.extend(singles(about));
    samples
}

/// How many systems' forms there are.
pub fn forms() -> usize {
    FORMS.len()
}

/// The names of the forms.
pub fn names() -> impl Iterator<Item = &'static str> {
    FORMS.iter().map(|(name, _)| *name)
}

/// The messages that stand alone.
pub fn singles(about: &About) -> Vec<Sample> {
    let singles = include_str!("singles.txt").split("=== ").skip(1);
    let sample = |single: &str| {
        let (title, template) = single.split_once('\n').expect("a title");
        let (expected, name) = title.split_once(' ').expect("what it is, and its name");
        let message = fill(template, None, about);
        Sample { name: name.to_owned(), expected: expected.to_owned(), message }
    };
    singles.map(sample).collect()
}

/// One form with one reply.
pub fn bounce(form: &str, expected: &str, about: &About) -> Vec<u8> {
    let (_, template) = FORMS.iter().find(|(name, _)| *name == form).expect("a form of that name");
    let reply = replies().find(|reply| reply.expected == expected).expect("such a reply");
    fill(template, Some(&reply), about)
}

fn fill(template: &str, reply: Option<&Reply>, about: &About) -> Vec<u8> {
    let (headers, _) = ORIGINAL.split_once("\n\n").expect("a header");
    let mut text =
        template.replace("{original}", ORIGINAL).replace("{headers}", &format!("{headers}\n"));
    if let Some(reply) = reply {
        let class = &reply.code[..1];
        let vague = format!("{class}.0.0");
        let said = reply.status.map(|status| format!("{status} ")).unwrap_or_default();
        let whole = format!("{} {said}{}", reply.code, reply.words);
        let middle = reply.words.find(' ').unwrap_or(reply.words.len());
        let (head, tail) = reply.words.split_at(middle);
        let multi = format!("{}-{said}{head}\n {} {said}{}", reply.code, reply.code, tail.trim());
        for (place, value) in [
            ("{reply}", whole.as_str()),
            ("{diagwords}", &folded(reply.words)),
            ("{diag}", &folded(&whole)),
            ("{multi}", &multi),
            ("{statuswords}", &format!("{said}{}", reply.words)),
            ("{words_qp}", &reply.words.replace('=', "=3D")),
            ("{words}", reply.words),
            ("{code}", reply.code),
            ("{class}", class),
            ("{status}", reply.status.unwrap_or(&vague)),
        ] {
            text = text.replace(place, value);
        }
    }
    for (place, value) in [
        ("{rcpt}", &about.recipient),
        ("{verp}", &about.return_path),
        ("{message_id}", &about.message_id),
        ("{unsubscribe}", &about.unsubscribe),
        ("{bystander}", &about.bystander),
    ] {
        text = text.replace(place, value);
    }
    while let Some((before, rest)) = text.split_once("{base64:") {
        let (plain, after) = rest.split_once('}').expect("an end");
        text = format!(
            "{before}{}{after}",
            STANDARD.encode(plain.replace("\\n", "\n").replace("\\t", "\t"))
        );
    }
    text.replace('\n', "\r\n").into_bytes()
}

/// Folded as headers are: at a blank, before 72 characters.
fn folded(text: &str) -> String {
    let (mut out, mut width) = (String::new(), 20);
    for word in text.split(' ') {
        if width + word.len() > 71 {
            out.push_str("\n   ");
            width = 3;
        }
        if width > 20 || !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
        width += word.len() + 1;
    }
    out
}
