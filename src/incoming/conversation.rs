//! What is said in LMTP (RFC 2033) and SMTP (RFC 5321), as far as a door for
//! bounces needs it: pure. It relays nothing: a recipient is one of ours or is
//! refused.

/// Recipients of one message.
const MOST_RECIPIENTS: usize = 50;
/// Wrong commands after which it is over.
const MOST_ERRORS: usize = 10;
/// Messages of one connection.
const MOST_MESSAGES: usize = 1_000;

/// The state of one conversation.
#[derive(Debug)]
pub(super) struct Conversation {
    largest: usize,
    lmtp: bool,
    greeted: bool,
    sender: bool,
    recipients: Vec<String>,
    errors: usize,
    messages: usize,
}

/// What to do after a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Say this.
    Say(String),
    /// Say this, then take the message.
    Take(&'static str),
    /// Say this and hang up.
    End(&'static str),
}

impl Conversation {
    pub(super) fn new(largest: usize) -> Self {
        Self {
            largest,
            lmtp: false,
            greeted: false,
            sender: false,
            recipients: vec![],
            errors: 0,
            messages: 0,
        }
    }

    /// The recipients of the message that is being taken; the conversation is
    /// ready for the next one.
    pub(super) fn take_recipients(&mut self) -> Vec<String> {
        self.sender = false;
        self.messages += 1;
        std::mem::take(&mut self.recipients)
    }

    /// Does each recipient get an answer of its own?
    pub(super) fn is_lmtp(&self) -> bool {
        self.lmtp
    }

    /// Hears one command. `is_ours` tells whether mail for an address is taken.
    pub(super) fn hear(&mut self, line: &str, is_ours: impl Fn(&str) -> bool) -> Step {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            verb @ ("LHLO" | "EHLO" | "HELO") if !rest.trim().is_empty() => self.greet(verb),
            "MAIL" => self.mail(rest),
            "RCPT" => self.rcpt(rest, is_ours),
            "DATA" => self.data(),
            "RSET" => {
                self.sender = false;
                self.recipients.clear();
                say("250 2.0.0 Forgotten")
            }
            "NOOP" => say("250 2.0.0 Yes"),
            "VRFY" => say("252 2.5.0 Send it and see"),
            "QUIT" => Step::End("221 2.0.0 Bye\r\n"),
            _ => self.wrong("500 5.5.2 Not understood"),
        }
    }

    fn greet(&mut self, verb: &str) -> Step {
        self.greeted = true;
        self.lmtp = verb == "LHLO";
        self.sender = false;
        self.recipients.clear();
        if verb == "HELO" {
            return say("250 gazetted");
        }
        say(&format!(
            "250-gazetted\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE {}",
            self.largest
        ))
    }

    fn mail(&mut self, rest: &str) -> Step {
        let Some((_, parameters)) = path(rest, "FROM:") else {
            return self.wrong("501 5.5.4 Write MAIL FROM:<address>");
        };
        if !self.greeted || self.sender {
            return self.wrong("503 5.5.1 Not now");
        }
        if self.messages >= MOST_MESSAGES {
            return Step::End("421 4.7.0 Enough for one connection\r\n");
        }
        let size = parameters.split_whitespace().find_map(|word| {
            let (key, value) = word.split_once('=')?;
            key.eq_ignore_ascii_case("SIZE").then(|| value.parse::<usize>().ok())?
        });
        if size.is_some_and(|size| size > self.largest) {
            return say("552 5.3.4 Larger than a report should be");
        }
        self.sender = true;
        say("250 2.1.0 Go on")
    }

    fn rcpt(&mut self, rest: &str, is_ours: impl Fn(&str) -> bool) -> Step {
        let Some((address, _)) = path(rest, "TO:").filter(|(address, _)| !address.is_empty())
        else {
            return self.wrong("501 5.5.4 Write RCPT TO:<address>");
        };
        if !self.sender {
            return self.wrong("503 5.5.1 MAIL comes first");
        }
        if self.recipients.len() >= MOST_RECIPIENTS {
            return say("452 4.5.3 Too many recipients");
        }
        if !is_ours(address) {
            return self.wrong("550 5.1.1 There is no such address here");
        }
        self.recipients.push(address.to_owned());
        say("250 2.1.5 Go on")
    }

    fn data(&mut self) -> Step {
        if self.recipients.is_empty() {
            return self.wrong("503 5.5.1 RCPT comes first");
        }
        Step::Take("354 End with a dot on a line of its own\r\n")
    }

    fn wrong(&mut self, words: &str) -> Step {
        self.errors += 1;
        if self.errors > MOST_ERRORS {
            return Step::End("421 4.7.0 Too many errors\r\n");
        }
        say(words)
    }
}

fn say(words: &str) -> Step {
    Step::Say(format!("{words}\r\n"))
}

/// The address between the angle brackets, and the parameters behind them.
fn path<'a>(rest: &'a str, key: &str) -> Option<(&'a str, &'a str)> {
    let rest = rest.trim_start();
    let start = rest.get(..key.len()).filter(|start| start.eq_ignore_ascii_case(key))?;
    let rest = rest[start.len()..].trim_start().strip_prefix('<')?;
    let (address, parameters) = rest.split_once('>')?;
    // A source route (RFC 5321 appendix C) is read over.
    let address = if address.starts_with('@') {
        address.split_once(':').map_or("", |(_, address)| address)
    } else {
        address
    };
    (address.len() <= 320).then_some((address, parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(lines: &[&str]) -> Vec<Step> {
        let mut conversation = Conversation::new(1_000);
        lines.iter().map(|line| conversation.hear(line, |to| to == "bounce@x")).collect()
    }

    fn code(step: &Step) -> &str {
        match step {
            Step::Say(words) => &words[..3],
            Step::Take(words) | Step::End(words) => &words[..3],
        }
    }

    #[test]
    fn a_bounce_is_taken_and_nothing_is_relayed() {
        let steps = talk(&[
            "LHLO relay",
            "MAIL FROM:<> SIZE=900",
            "RCPT TO:<victim@elsewhere.example>",
            "RCPT TO:<bounce@x> NOTIFY=NEVER",
            "DATA",
        ]);

        let codes: Vec<&str> = steps.iter().map(code).collect();
        assert_eq!(codes, ["250", "250", "550", "250", "354"]);
    }

    #[test]
    fn the_order_matters_and_nonsense_ends_it() {
        let cases: [(&[&str], &str); 9] = [
            (&["MAIL FROM:<>"], "503"),
            (&["LHLO a", "RCPT TO:<bounce@x>"], "503"),
            (&["LHLO a", "MAIL FROM:<>", "DATA"], "503"),
            (&["EHLO a", "MAIL FROM:<> SIZE=1001"], "552"),
            (&["EHLO a", "MAIL bounce@x"], "501"),
            (&["EHLO"], "500"),
            (&["AUTH PLAIN AAAA"], "500"),
            (&["NOOP"], "250"),
            (&["QUIT"], "221"),
        ];
        for (lines, expected) in cases {
            assert_eq!(code(talk(lines).last().unwrap()), expected, "{lines:?}");
        }
        assert!(matches!(talk(&["GET / HTTP/1.1"; 11])[10], Step::End(_)));
    }
}
