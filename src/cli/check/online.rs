//! `check --online`, the part about mail: greets each relay, and looks up what
//! the DNS says of the sender.

use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;

use crate::config::{Config, Problem};
use crate::daemon::assemble;
use crate::delivery::dkim;
use crate::delivery::records::{self, Finding, Weight};
use crate::delivery::relay::{MailSettings, Relay, Transport};

/// A relay that has not greeted us by then is not there.
const PATIENCE: Duration = Duration::from_secs(30);
/// A name server that has not answered by then is not there.
const LOOK_UP: Duration = Duration::from_secs(10);

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Mail would not go out, or not be believed.
    pub problems: Vec<Problem>,
    /// Worth knowing.
    pub warnings: Vec<Problem>,
}

/// Greets each relay and looks up the records of the sender's domains.
pub async fn mail(config: &Config, path: &Path) -> Report {
    let mut report = Report::default();
    // What is wrong with `[mail]` itself has been told already.
    let Ok(Some(mail)) = assemble::mail(config) else { return report };
    let file = path.display().to_string();
    for fault in join_all(mail.relays.iter().map(|relay| greet(relay, config))).await {
        report.problems.extend(fault.map(|message| Problem {
            key: "mail.transport".to_owned(),
            file: file.clone(),
            line: None,
            message,
            remedy: "see the message".to_owned(),
        }));
    }
    if mail.relays.iter().any(|relay| leaves_the_house(&relay.transport)) {
        for (key, finding) in look_up(&mail).await {
            let problem = Problem {
                key,
                file: file.clone(),
                line: None,
                message: finding.message,
                remedy: finding.remedy,
            };
            match finding.weight {
                Weight::Error => report.problems.push(problem),
                Weight::Warning => report.warnings.push(problem),
            }
        }
    }
    report
}

fn leaves_the_house(transport: &Transport) -> bool {
    matches!(transport, Transport::Smtp(..) | Transport::Sendmail(_))
}

/// Opens a session, TLS and login included, and takes leave.
async fn greet(relay: &Relay, config: &Config) -> Option<String> {
    if !matches!(relay.transport, Transport::Smtp(..)) {
        return None;
    }
    let mailer = relay.mailer(config.site.host(), None).ok()?;
    match tokio::time::timeout(PATIENCE, mailer.open()).await {
        Ok(Ok(session)) => {
            session.close().await;
            None
        }
        Ok(Err(failure)) => Some(format!("relay {failure}")),
        Err(_) => Some(format!(
            "relay {} does not answer within {} s; is it running, and does a firewall let us through?",
            relay.name,
            PATIENCE.as_secs()
        )),
    }
}

async fn look_up(mail: &MailSettings) -> Vec<(String, Finding)> {
    let resolver =
        match TokioResolver::builder_tokio().and_then(hickory_resolver::ResolverBuilder::build) {
            Ok(resolver) => resolver,
            Err(error) => {
                return vec![unanswered("mail", &format!("no name server is known: {error}"))];
            }
        };
    let from = domain(&mail.from.address);
    let envelope = domain(mail.bounce_address());
    let mut findings = vec![];

    match texts(&resolver, envelope).await {
        Ok(texts) => {
            findings.extend(under("mail.bounce", records::spf(envelope, &texts)));
        }
        Err(error) => findings.push(unanswered("mail.bounce", &error)),
    }
    for (at, settings) in mail.dkim.iter().enumerate() {
        let key = format!("mail.dkim[{at}]");
        let name = format!("{}._domainkey.{}", settings.selector, settings.domain);
        // A key that cannot be read has been told already.
        let Ok(wanted) = dkim::record(&settings.key) else { continue };
        match texts(&resolver, &name).await {
            Ok(texts) => findings.extend(under(&key, records::dkim(&name, &wanted, &texts))),
            Err(error) => findings.push(unanswered(&key, &error)),
        }
    }
    let signing: Vec<String> = mail.dkim.iter().map(|dkim| dkim.domain.clone()).collect();
    match policy(&resolver, from).await {
        Ok(texts) => {
            findings.extend(under("mail.from", records::dmarc(from, &texts, &signing, envelope)));
        }
        Err(error) => findings.push(unanswered("mail.from", &error)),
    }
    findings
}

fn under(key: &str, findings: Vec<Finding>) -> impl Iterator<Item = (String, Finding)> {
    findings.into_iter().map(move |finding| (key.to_owned(), finding))
}

/// The nearest name that holds a policy decides.
async fn policy(resolver: &TokioResolver, domain: &str) -> Result<Vec<String>, String> {
    for name in records::dmarc_names(domain) {
        let found = texts(resolver, &name).await?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(vec![])
}

/// The TXT records at `name`; none if there is no such name.
async fn texts(resolver: &TokioResolver, name: &str) -> Result<Vec<String>, String> {
    // The dot keeps the machine's own search domains out.
    let asked = tokio::time::timeout(LOOK_UP, resolver.txt_lookup(format!("{name}."))).await;
    match asked {
        Ok(Ok(found)) => Ok(found
            .answers()
            .iter()
            .filter_map(|record| match &record.data {
                // The strings of one record are one text (RFC 7208 section 3.3).
                RData::TXT(txt) => {
                    Some(txt.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect())
                }
                _ => None,
            })
            .collect()),
        Ok(Err(error)) if error.is_no_records_found() => Ok(vec![]),
        Ok(Err(error)) => Err(format!("{name}: {error}")),
        Err(_) => Err(format!("{name}: no answer within {} s", LOOK_UP.as_secs())),
    }
}

fn unanswered(key: &str, error: &str) -> (String, Finding) {
    let finding = Finding {
        weight: Weight::Warning,
        message: format!("the DNS could not be asked: {error}"),
        remedy: "look at /etc/resolv.conf, or check again from the machine that mails".to_owned(),
    };
    (key.to_owned(), finding)
}

fn domain(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(_, domain)| domain)
}
