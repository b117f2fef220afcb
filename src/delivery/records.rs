//! What the DNS must say before mailboxes believe a sender: SPF (RFC 7208),
//! DKIM (RFC 6376) and DMARC (RFC 7489).
//!
//! Pure: texts of records in, findings out. Who looks them up is the caller's.

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Mail will be refused, or a signature will not hold.
    Error,
    /// Mail goes out, and some mailboxes will think the less of it.
    Warning,
}

/// Something about a record, with its remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub weight: Weight,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl Finding {
    fn error(message: String, remedy: impl Into<String>) -> Self {
        Self { weight: Weight::Error, message, remedy: remedy.into() }
    }

    fn warning(message: String, remedy: impl Into<String>) -> Self {
        Self { weight: Weight::Warning, message, remedy: remedy.into() }
    }
}

/// Mechanisms of SPF that cost a look-up, of which ten are allowed
/// (RFC 7208 section 4.6.4).
const ASKING: [&str; 5] = ["include", "a", "mx", "ptr", "exists"];

/// Judges the TXT records of the envelope sender's domain.
#[must_use]
pub fn spf(domain: &str, texts: &[String]) -> Vec<Finding> {
    let records: Vec<&String> = texts.iter().filter(|text| is_spf(text)).collect();
    let record = match records[..] {
        [] => {
            return vec![Finding::warning(
                format!("{domain} has no SPF record"),
                format!(
                    "publish a TXT record at {domain} that names your relays, like \"v=spf1 mx -all\""
                ),
            )];
        }
        [one] => one.to_lowercase(),
        _ => {
            return vec![Finding::error(
                format!(
                    "{domain} has {} SPF records, so none of them counts (RFC 7208 section 4.5)",
                    records.len()
                ),
                "join them into one",
            )];
        }
    };
    let mut findings = vec![];
    let terms: Vec<&str> = record.split_ascii_whitespace().skip(1).collect();
    let asking = terms
        .iter()
        .map(|term| term.trim_start_matches(['+', '-', '~', '?']))
        .filter(|term| {
            let name = term.split([':', '/', '=']).next().unwrap_or_default();
            ASKING.contains(&name) || term.starts_with("redirect=")
        })
        .count();
    if asking > 10 {
        findings.push(Finding::error(
            format!(
                "the SPF record of {domain} asks for {asking} look-ups, ten are allowed (RFC 7208 section 4.6.4)"
            ),
            "name addresses by ip4: and ip6: instead",
        ));
    }
    let all = terms.iter().find(|term| term.trim_start_matches(['+', '-', '~', '?']) == "all");
    match all {
        Some(&("all" | "+all")) => findings.push(Finding::error(
            format!(
                "the SPF record of {domain} lets everybody send in its name (`{}`)",
                all.unwrap_or(&"")
            ),
            "end it in -all or ~all",
        )),
        Some(&"?all") => findings.push(Finding::warning(
            format!("the SPF record of {domain} says nothing about foreign senders (`?all`)"),
            "end it in -all or ~all",
        )),
        None if !terms.iter().any(|term| term.starts_with("redirect=")) => {
            findings.push(Finding::warning(
                format!("the SPF record of {domain} says nothing about foreign senders"),
                "end it in -all or ~all",
            ));
        }
        _ => {}
    }
    findings
}

/// The version must stand alone or before a space (RFC 7208 section 4.5).
fn is_spf(text: &str) -> bool {
    let text = text.to_lowercase();
    text == "v=spf1" || text.starts_with("v=spf1 ")
}

/// Judges the TXT records at `name` against `wanted`, the record that belongs
/// to our private key.
#[must_use]
pub fn dkim(name: &str, wanted: &str, texts: &[String]) -> Vec<Finding> {
    let publish = format!("publish a TXT record at {name}: {wanted}");
    let texts: Vec<&String> = texts.iter().filter(|text| tag(text, "p").is_some()).collect();
    let record = match texts[..] {
        [] => {
            return vec![Finding::error(
                format!("there is no DKIM key at {name}, so no signature made with it holds"),
                publish,
            )];
        }
        [one] => one,
        _ => {
            return vec![Finding::error(
                format!(
                    "there are {} DKIM keys at {name}; receivers take any one of them",
                    texts.len()
                ),
                "leave one; for a second key use a selector of its own",
            )];
        }
    };
    let mut findings = vec![];
    let public = tag(record, "p").unwrap_or_default();
    if public.is_empty() {
        findings.push(Finding::error(
            format!("the DKIM key at {name} is revoked (an empty `p=`)"),
            publish,
        ));
    } else if Some(&public) != tag(wanted, "p").as_ref() || kind(record) != kind(wanted) {
        findings.push(Finding::error(
            format!("the DKIM key at {name} is not the one that mails are signed with"),
            publish,
        ));
    }
    if tag(record, "t").is_some_and(|flags| flags.split(':').any(|flag| flag.trim() == "y")) {
        findings.push(Finding::warning(
            format!("the DKIM key at {name} is marked as a trial (`t=y`)"),
            "take the mark away when the trial is over",
        ));
    }
    findings
}

/// The kind of key; RSA if the record does not say (RFC 6376 section 3.6.1).
fn kind(record: &str) -> String {
    tag(record, "k").unwrap_or_else(|| "rsa".to_owned())
}

/// The names at which a policy for `domain` may stand, the nearest first.
#[must_use]
pub fn dmarc_names(domain: &str) -> Vec<String> {
    let labels: Vec<&str> = domain.split('.').collect();
    (0..labels.len().saturating_sub(1))
        .map(|at| format!("_dmarc.{}", labels[at..].join(".")))
        .take(8)
        .collect()
}

/// Judges the policy found for the domain of the sender that readers see, and
/// whether the signing domains and the envelope sender's are its kin.
#[must_use]
pub fn dmarc(domain: &str, texts: &[String], signing: &[String], envelope: &str) -> Vec<Finding> {
    let mut findings = vec![];
    let policies: Vec<&String> =
        texts.iter().filter(|text| tag(text, "v").as_deref() == Some("DMARC1")).collect();
    match policies[..] {
        [] => findings.push(Finding::warning(
            format!("{domain} has no DMARC record, which large mailboxes ask of bulk senders"),
            format!(
                "publish a TXT record at _dmarc.{domain}, like \"v=DMARC1; p=none; rua=mailto:…\""
            ),
        )),
        [policy] => {
            let word = tag(policy, "p").unwrap_or_default().to_lowercase();
            if !["none", "quarantine", "reject"].contains(&word.as_str()) {
                findings.push(Finding::error(
                    format!("the DMARC record for {domain} has no policy that counts (`p={word}`)"),
                    "write p=none, p=quarantine or p=reject",
                ));
            }
        }
        _ => findings.push(Finding::error(
            format!("{domain} has {} DMARC records, so none of them counts", policies.len()),
            "leave one",
        )),
    }
    if !signing.iter().any(|other| kin(domain, other)) && !kin(domain, envelope) {
        findings.push(Finding::error(
            format!(
                "neither a DKIM signature nor the envelope sender ({envelope}) belongs to {domain}, so DMARC fails"
            ),
            format!("sign with a key of {domain} ([[mail.dkim]]), or let [mail] bounce be an address there"),
        ));
    }
    findings
}

/// Whether one is the other or stands below it: relaxed alignment, as far as
/// it can be told without a list of public suffixes.
fn kin(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let below = |child: &str, parent: &str| {
        parent.contains('.')
            && child.strip_suffix(parent).is_some_and(|head| head.is_empty() || head.ends_with('.'))
    };
    let siblings = || match (one.split_once('.'), other.split_once('.')) {
        (Some((_, a)), Some((_, b))) => a == b && a.contains('.'),
        _ => false,
    };
    below(&one, &other) || below(&other, &one) || siblings()
}

/// The value of a tag in a list like `v=DKIM1; p=…` (RFC 6376 section 3.2),
/// white space taken out.
fn tag(record: &str, name: &str) -> Option<String> {
    record.split(';').find_map(|part| {
        let (key, value) = part.split_once('=')?;
        (key.trim() == name).then(|| value.split_ascii_whitespace().collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    fn weights(findings: &[Finding]) -> Vec<Weight> {
        findings.iter().map(|finding| finding.weight).collect()
    }

    #[test]
    fn spf_is_one_record_that_closes_the_door() {
        let judged = |list: &[&str]| weights(&spf("example.org", &texts(list)));

        assert_eq!(judged(&["v=spf1 mx -all", "unrelated"]), []);
        assert_eq!(judged(&["V=SPF1 include:relay.example ~ALL"]), []);
        assert_eq!(judged(&["v=spf1 redirect=_spf.example.net"]), []);
        assert_eq!(judged(&["v=spf10 -all"]), [Weight::Warning], "another version");
        assert_eq!(judged(&[]), [Weight::Warning]);
        assert_eq!(judged(&["v=spf1 mx"]), [Weight::Warning]);
        assert_eq!(judged(&["v=spf1 mx ?all"]), [Weight::Warning]);
        assert_eq!(judged(&["v=spf1 +all"]), [Weight::Error]);
        assert_eq!(judged(&["v=spf1 mx -all", "v=spf1 a -all"]), [Weight::Error]);
    }

    #[test]
    fn an_eleventh_look_up_of_spf_is_one_too_many() {
        let many =
            |n: usize| format!("v=spf1 {}ip4:192.0.2.1 -all", "include:x.example ".repeat(n));

        assert_eq!(spf("example.org", &[many(10)]), []);
        assert_eq!(weights(&spf("example.org", &[many(11)])), [Weight::Error]);
    }

    #[test]
    fn a_dkim_record_holds_our_own_key() {
        let ours = "v=DKIM1; k=rsa; p=AAAABBBB";
        let judged = |list: &[&str]| weights(&dkim("s._domainkey.example.org", ours, &texts(list)));

        assert_eq!(judged(&["v=DKIM1; p=AAAA BBBB"]), [], "folded, and RSA unsaid");
        assert_eq!(judged(&[]), [Weight::Error]);
        assert_eq!(judged(&["v=DKIM1; k=rsa; p="]), [Weight::Error], "revoked");
        assert_eq!(judged(&["v=DKIM1; k=rsa; p=CCCC"]), [Weight::Error], "another key");
        assert_eq!(judged(&["v=DKIM1; k=ed25519; p=AAAABBBB"]), [Weight::Error]);
        assert_eq!(judged(&["v=DKIM1; t=y:s; p=AAAABBBB"]), [Weight::Warning]);
        assert_eq!(judged(&["p=AAAABBBB", "p=CCCC"]), [Weight::Error]);
    }

    #[test]
    fn a_policy_is_looked_for_up_to_the_domain_below_the_top() {
        assert_eq!(
            dmarc_names("news.example.org"),
            ["_dmarc.news.example.org", "_dmarc.example.org"]
        );
        assert_eq!(dmarc_names("localhost"), Vec::<String>::new());
    }

    #[test]
    fn dmarc_needs_a_policy_and_kinship() {
        let policy = texts(&["v=DMARC1; p=reject; rua=mailto:d@example.org"]);
        let judged = |texts: &[String], signing: &str, envelope: &str| {
            weights(&dmarc("news.example.org", texts, &[signing.to_owned()], envelope))
        };

        assert_eq!(judged(&policy, "example.org", "relay.example"), []);
        assert_eq!(judged(&policy, "relay.example", "bounce.example.org"), []);
        assert_eq!(judged(&policy, "relay.example", "relay.example"), [Weight::Error]);
        assert_eq!(judged(&policy, "org", "relay.example"), [Weight::Error]);
        assert_eq!(judged(&[], "example.org", "x"), [Weight::Warning]);
        assert_eq!(judged(&texts(&["v=DMARC1; p=maybe"]), "example.org", "x"), [Weight::Error]);
    }
}
