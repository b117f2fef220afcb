//! A stream of which something was read already: it is read once more.

use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Gives `read` first, then what else comes from the stream.
#[derive(Debug)]
pub struct Again<S> {
    read: Vec<u8>,
    given: usize,
    stream: S,
}

impl<S> Again<S> {
    pub fn new(read: Vec<u8>, stream: S) -> Self {
        Self { read, given: 0, stream }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Again<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        if self.given < self.read.len() {
            let length = buffer.remaining().min(self.read.len() - self.given);
            let end = self.given + length;
            buffer.put_slice(&self.read[self.given..end]);
            self.given = end;
            if end == self.read.len() {
                self.read = Vec::new();
                self.given = 0;
            }
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Again<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn what_was_read_comes_first_and_nothing_twice() {
        let (ours, mut theirs) = duplex(64);
        theirs.write_all(b" and more").await.unwrap();
        drop(theirs);
        let mut text = String::new();

        Again::new(b"read before".to_vec(), ours).read_to_string(&mut text).await.unwrap();

        assert_eq!(text, "read before and more");
    }
}
