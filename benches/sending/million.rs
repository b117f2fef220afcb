//! The built program sends to a million readers: how much memory it takes, and
//! whether it is as fast at the end as at the beginning.

#![expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]

use std::time::{Duration, Instant};

use crate::magazine::{Magazine, Plan};
use crate::sink::Sink;

const READERS: u32 = 1_000_000;

/// If it takes longer, something is wrong.
const LIMIT: Duration = Duration::from_mins(10);

/// One run; says what it took.
pub async fn measure(connections: usize) {
    let magazine = Magazine::new(READERS, 1, 7).await;
    let mut sink = Sink::start();
    let began = Instant::now();
    let mut program = magazine.serve(Plan { port: sink.port, connections, signed: false });
    // How many had come, second by second.
    let mut seen = vec![];
    let mut peak = 0;
    let all = u64::from(READERS);
    while seen.last().is_none_or(|last| *last < all) {
        seen.push(sink.seen());
        peak = memory(program.id()).max(peak);
        let over = began.elapsed() > LIMIT || program.try_wait().is_ok_and(|ended| ended.is_some());
        if over {
            let log = std::fs::read_to_string(magazine.path("serve.log")).unwrap_or_default();
            let _ = program.kill();
            let last: Vec<&str> = log.lines().rev().take(5).collect();
            panic!("{} of {all} mails came: {last:?}", seen.last().unwrap_or(&0));
        }
    }
    let took = began.elapsed();
    let _ = program.kill();
    let _ = program.wait();
    assert_eq!(sink.stop(), all, "nobody got two");
    let first = rate(&seen, 0, all / 5);
    let last = rate(&seen, all - all / 5, all);
    println!("{all} mails in {:.0} s", took.as_secs_f64());
    println!("peak memory of the program: {:.1} MiB", peak as f64 / 1024.0);
    println!("the first fifth {first:.0}/s, the last {last:.0}/s, ratio {:.2}", last / first);
    let tenths: Vec<String> = (0..10)
        .map(|tenth| format!("{:.0}", rate(&seen, all / 10 * tenth, all / 10 * (tenth + 1))))
        .collect();
    println!("by tenths: {}", tenths.join(" "));
}

/// The largest resident size so far, in KiB.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse().ok()
        })
        .unwrap_or(0)
}

/// Mails a second between two counts, to a part of a second.
fn rate(seen: &[u64], from: u64, to: u64) -> f64 {
    (to - from) as f64 / (moment(seen, to) - moment(seen, from))
}

/// When so many had come. Before the first mail is before the beginning.
fn moment(seen: &[u64], count: u64) -> f64 {
    let after = seen.iter().position(|now| *now >= count.max(1)).unwrap_or(seen.len() - 1);
    let before = after.saturating_sub(1);
    let (low, high) = (seen[before], seen[after]);
    if high == low {
        return after as f64;
    }
    before as f64 + (count.max(low) - low) as f64 / (high - low) as f64
}
