//! Lines from the other side, each with a longest length and a deadline.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt};
use tokio::time::timeout;

/// Reads one line without its end; `None` at the end of the stream.
///
/// # Errors
/// If it is longer than `longest`, does not come in time, or the line breaks.
pub(super) async fn line(
    from: &mut (impl AsyncBufRead + Unpin),
    longest: usize,
    within: Duration,
) -> io::Result<Option<Vec<u8>>> {
    let reading = async {
        let mut line = vec![];
        loop {
            let there = from.fill_buf().await?;
            if there.is_empty() {
                return Ok(None);
            }
            let end = there.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(there.len(), |end| end + 1);
            if line.len() + taken > longest {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a line that does not end"));
            }
            line.extend_from_slice(&there[..taken]);
            from.consume(taken);
            if end.is_some() {
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(Some(line));
            }
        }
    };
    timeout(within, reading)
        .await
        .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in time")))
}
