//! One conversation with a relay: offer, hand over, offer, hand over.

use std::fmt::Write;
use std::io;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::deadlines::Deadlines;
use super::greeting::Abilities;
use super::verdict::{Verdict, foreseen, on_data, on_dot, on_mail, on_rcpt};
use super::wire::Wire;
use crate::delivery::mailer::{Envelope, Failure, Offer, Outcome, Session, Stage};

/// A connection on which EHLO and AUTH are done.
pub(super) struct Conversation {
    wire: Wire,
    abilities: Abilities,
    deadlines: Deadlines,
    phase: Phase,
}

/// Where the conversation is.
///
/// ```text
/// Idle, Stale ─offer, 354▶ AwaitsBody ─hand over, reply▶ Idle
/// Idle, Stale ─offer, refused▶ Stale        a RSET goes ahead of the next MAIL
/// any ─connection lost, 421, dropped midway▶ Spent
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No mail has been begun.
    Idle,
    /// A mail was begun and refused.
    Stale,
    /// The relay waits for a body.
    AwaitsBody,
    /// Of no more use. Also while a step is under way: if that is dropped,
    /// nobody knows what the relay has read.
    Spent,
}

impl Conversation {
    pub(super) fn new(wire: Wire, abilities: Abilities, deadlines: Deadlines) -> Self {
        Self { wire, abilities, deadlines, phase: Phase::Idle }
    }

    async fn offer_alone(&mut self, envelope: &Envelope) -> Offer {
        let phase = std::mem::replace(&mut self.phase, Phase::Spent);
        if matches!(phase, Phase::AwaitsBody | Phase::Spent) {
            return Offer::Relay(Failure::Passing("the connection is not usable any more".into()));
        }
        if let Some(refusal) = self.foresee(envelope) {
            self.phase = phase;
            return refusal;
        }
        let reset = phase == Phase::Stale;
        let answer = if self.abilities.pipelining {
            self.grouped(envelope, reset).await
        } else {
            self.step_by_step(envelope, reset).await
        };
        self.settled(answer)
    }

    /// All commands in one write (RFC 2920), then all replies.
    async fn grouped(&mut self, envelope: &Envelope, reset: bool) -> io::Result<Verdict> {
        let mut commands = String::with_capacity(256);
        if reset {
            commands.push_str("RSET\r\n");
        }
        self.commands(envelope, &mut commands);
        self.wire.say(commands.as_bytes(), self.deadlines.command).await?;
        if reset {
            self.wire.reply(self.deadlines.command).await?;
        }
        self.replies().await
    }

    /// The replies to MAIL, RCPT and DATA that were written together.
    async fn replies(&mut self) -> io::Result<Verdict> {
        let mail = on_mail(&self.wire.reply(self.deadlines.command).await?);
        if let Verdict::Gone(_) = mail {
            return Ok(mail);
        }
        let rcpt = on_rcpt_after(&mail, &self.wire.reply(self.deadlines.command).await?);
        if let Verdict::Gone(_) = rcpt {
            return Ok(rcpt);
        }
        let data = self.wire.reply(self.deadlines.data).await?;
        if rcpt == Verdict::GoOn {
            return Ok(on_data(&data));
        }
        if data.code == 354 {
            // RFC 2920 section 3.1: it wants a body for nobody; an empty one ends that.
            self.wire.say(b".\r\n", self.deadlines.command).await?;
            self.wire.reply(self.deadlines.end).await?;
        }
        Ok(rcpt)
    }

    async fn step_by_step(&mut self, envelope: &Envelope, reset: bool) -> io::Result<Verdict> {
        let wait = self.deadlines.command;
        if reset {
            self.wire.say(b"RSET\r\n", wait).await?;
            self.wire.reply(wait).await?;
        }
        let mut commands = String::with_capacity(256);
        self.commands(envelope, &mut commands);
        let judges: [fn(&super::reply::Reply) -> Verdict; 3] = [on_mail, on_rcpt, on_data];
        for (command, judge) in commands.split_inclusive("\r\n").zip(judges) {
            self.wire.say(command.as_bytes(), wait).await?;
            let verdict = judge(&self.wire.reply(wait).await?);
            if verdict != Verdict::GoOn {
                return Ok(verdict);
            }
        }
        Ok(Verdict::GoOn)
    }

    /// Ends a step: sets the phase that its answer leads to.
    fn settled(&mut self, answer: io::Result<Verdict>) -> Offer {
        let (phase, offer) = match answer {
            Ok(Verdict::GoOn) => (Phase::AwaitsBody, Offer::Accepted),
            Ok(Verdict::Not(offer)) => (Phase::Stale, offer),
            Ok(Verdict::Gone(offer)) => (Phase::Spent, offer),
            Err(error) => (Phase::Spent, Offer::Relay(lost(&error))),
        };
        self.phase = phase;
        offer
    }

    async fn hand(&mut self, body: &[u8], next: Option<&Envelope>) -> (Outcome, Option<Offer>) {
        let phase = std::mem::replace(&mut self.phase, Phase::Spent);
        if phase != Phase::AwaitsBody {
            let failure = Failure::Passing("no mail has been offered on this connection".into());
            return (Outcome::Relay(failure), None);
        }
        let mut tail = String::with_capacity(256);
        if !body.ends_with(b"\r\n") {
            tail.push_str("\r\n");
        }
        tail.push_str(".\r\n");
        let whole = body.len() + tail.len();
        let foreseen = next.and_then(|envelope| self.foresee(envelope));
        let grouped = next.filter(|_| self.abilities.pipelining && foreseen.is_none());
        if let Some(envelope) = grouped {
            self.commands(envelope, &mut tail);
        }
        if let Err(unwritten) = self.wire.write([body, tail.as_bytes()], self.deadlines.block).await
        {
            // Without its dot a mail is not a mail (RFC 5321 section 4.1.1.4).
            let outcome = if unwritten.left < whole {
                Outcome::Relay(lost(&unwritten.error))
            } else {
                Outcome::Uncertain(unwritten.error.to_string())
            };
            return (outcome, next.map(|_| Offer::Relay(lost(&unwritten.error))));
        }
        let reply = match self.wire.reply(self.deadlines.end).await {
            Ok(reply) => reply,
            Err(error) => {
                let relay = next.map(|_| Offer::Relay(lost(&error)));
                return (Outcome::Uncertain(error.to_string()), relay);
            }
        };
        let outcome = on_dot(&reply);
        if reply.code == 421 {
            // It hangs up: nobody has answered for the next.
            return (outcome, None);
        }
        if let Outcome::Relay(failure) = &outcome {
            let failure = failure.clone();
            return (outcome, next.map(|_| Offer::Relay(failure)));
        }
        if let Outcome::Uncertain(text) = &outcome {
            let failure = Failure::Passing(text.clone());
            return (outcome, next.map(|_| Offer::Relay(failure)));
        }
        if grouped.is_some() {
            let answer = self.replies().await;
            return (outcome, Some(self.settled(answer)));
        }
        self.phase = Phase::Idle;
        (outcome, foreseen)
    }

    /// The refusal that the relay announced in its EHLO, if there is one.
    fn foresee(&self, envelope: &Envelope) -> Option<Offer> {
        if envelope.needs_utf8() && !self.abilities.utf8 {
            let text = "the relay takes no addresses outside ASCII (SMTPUTF8)";
            return Some(foreseen(553, [5, 6, 7], text, Stage::Recipient));
        }
        let largest = self.abilities.largest_bytes?;
        (envelope.size_bytes() > largest).then(|| {
            let text =
                format!("the mail has {} bytes, the relay takes {largest}", envelope.size_bytes());
            foreseen(552, [5, 3, 4], &text, Stage::Body)
        })
    }

    /// MAIL, RCPT and DATA, with what the relay understands.
    fn commands(&self, envelope: &Envelope, out: &mut String) {
        let _ = write!(out, "MAIL FROM:<{}>", envelope.from());
        if self.abilities.size && envelope.size_bytes() > 0 {
            let _ = write!(out, " SIZE={}", envelope.size_bytes());
        }
        if envelope.needs_utf8() {
            // The body has the address in it, so it is not ASCII either.
            out.push_str(" BODY=8BITMIME SMTPUTF8");
        }
        if self.abilities.dsn {
            out.push_str(" RET=HDRS");
            if !envelope.id().is_empty() {
                out.push_str(" ENVID=");
                xtext(envelope.id(), out);
            }
        }
        let _ = write!(out, "\r\nRCPT TO:<{}>", envelope.to());
        if self.abilities.dsn {
            out.push_str(" NOTIFY=FAILURE");
            if !envelope.needs_utf8() {
                out.push_str(" ORCPT=rfc822;");
                xtext(envelope.to(), out);
            }
        }
        out.push_str("\r\nDATA\r\n");
    }
}

impl Session for Conversation {
    fn offer<'a>(&'a mut self, envelope: &'a Envelope) -> BoxFuture<'a, Offer> {
        self.offer_alone(envelope).boxed()
    }

    fn hand_over<'a>(
        &'a mut self,
        body: &'a [u8],
        next: Option<&'a Envelope>,
    ) -> BoxFuture<'a, (Outcome, Option<Offer>)> {
        self.hand(body, next).boxed()
    }

    fn is_spent(&self) -> bool {
        self.phase == Phase::Spent
    }

    fn close(mut self: Box<Self>) -> BoxFuture<'static, ()> {
        async move {
            // While a body is awaited, QUIT would be its first line.
            if matches!(self.phase, Phase::Idle | Phase::Stale) {
                let wait = self.deadlines.quit;
                if self.wire.say(b"QUIT\r\n", wait).await.is_ok() {
                    let _ = self.wire.reply(wait).await;
                }
            }
        }
        .boxed()
    }
}

/// The verdict on RCPT if MAIL was refused in the same group: its reply only
/// says that MAIL is missing, so MAIL's verdict stands.
fn on_rcpt_after(mail: &Verdict, reply: &super::reply::Reply) -> Verdict {
    match mail {
        Verdict::GoOn => on_rcpt(reply),
        _ if reply.code == 421 => on_rcpt(reply),
        refused => refused.clone(),
    }
}

fn lost(error: &io::Error) -> Failure {
    Failure::Passing(format!("the connection to the relay broke: {error}"))
}

/// RFC 3461 section 4: what may stand in ENVID and ORCPT.
fn xtext(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if (b'!'..=b'~').contains(&byte) && !matches!(byte, b'+' | b'=') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "+{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_dsn_parameters_may_not_hold_is_encoded() {
        let mut out = String::new();
        xtext("reader+news=x@example.org", &mut out);

        assert_eq!(out, "reader+2Bnews+3Dx@example.org");
    }
}
