//! Standard input and output as queues of lines, each on a thread of its own.
//!
//! A terminal or a pipe blocks for as long as it likes; the node must not. A reader that is slow to take what we
//! write holds up the front end that writes, and nothing else.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::thread;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// The longest line that is taken, in bytes: some fifty times what the longest message needs, escaped.
pub(crate) const LINE_MAX: usize = 1 << 20;
/// How many lines may wait to be dealt with.
const WAITING_IN: usize = 16;
/// How many lines may wait to be read by the other end.
const WAITING_OUT: usize = 1024;
/// How long to wait at the end for what was written to be read.
const FLUSH_TIME: Duration = Duration::from_secs(2);

/// One line of input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A line without its end. What is no UTF-8 in it has become U+FFFD.
    Text(String),
    /// A line of more than [`LINE_MAX`] bytes, which was skipped.
    TooLong,
}

/// Lines that come in.
#[derive(Debug)]
pub(crate) struct Lines(mpsc::Receiver<Line>);

impl Lines {
    /// Standard input.
    pub(crate) fn stdin() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING_IN);
        thread::spawn(move || {
            let mut input = BufReader::new(io::stdin());
            while let Ok(Some(line)) = read_line(&mut input) {
                if sender.blocking_send(line).is_err() {
                    break;
                }
            }
        });
        Self(receiver)
    }

    /// The next line; nothing at the end of the input.
    pub(crate) async fn next(&mut self) -> Option<Line> {
        self.0.recv().await
    }
}

/// The other end no longer takes what we write.
#[derive(Debug)]
pub(crate) struct Closed;

/// Lines that go out.
#[derive(Debug)]
pub(crate) struct Writer {
    sender: mpsc::Sender<String>,
    finished: oneshot::Receiver<io::Result<()>>,
}

impl Writer {
    /// Standard output.
    pub(crate) fn stdout() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING_OUT);
        let (done, finished) = oneshot::channel();
        thread::spawn(move || {
            // What cannot be written ends the thread, and with it the queue: the front end learns it by `Closed`.
            let _ = done.send(write_lines(receiver, &mut io::stdout().lock()));
        });
        Self { sender, finished }
    }

    /// Writes one line, or several.
    pub(crate) async fn line(&self, line: impl Into<String>) -> Result<(), Closed> {
        self.sender.send(line.into()).await.map_err(|_| Closed)
    }

    /// Waits, not for ever, until all is written.
    pub(crate) async fn finish(self) {
        let _ = tokio::time::timeout(FLUSH_TIME, self.written()).await;
    }

    /// Waits for as long as the other end takes until all is written, and says whether it was.
    pub(crate) async fn written(self) -> io::Result<()> {
        drop(self.sender);
        self.finished.await.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
    }
}

fn write_lines(mut lines: mpsc::Receiver<String>, out: &mut impl Write) -> io::Result<()> {
    while let Some(mut line) = lines.blocking_recv() {
        line.push('\n');
        out.write_all(line.as_bytes())?;
        if lines.is_empty() {
            out.flush()?;
        }
    }
    out.flush()
}

/// Reads one line.
pub(crate) fn read_line(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut bytes = Vec::new();
    let limit = LINE_MAX as u64 + 1;
    if input.by_ref().take(limit).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    } else if bytes.len() > LINE_MAX {
        skip_line(input)?;
        return Ok(Some(Line::TooLong));
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    Ok(Some(Line::Text(String::from_utf8_lossy(&bytes).into_owned())))
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let (passed, over) = end.map_or((buffer.len(), buffer.is_empty()), |at| (at + 1, true));
        input.consume(passed);
        if over {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<Line> {
        let mut input = BufReader::with_capacity(7, bytes);
        std::iter::from_fn(|| read_line(&mut input).unwrap()).collect()
    }

    #[test]
    fn lines_end_in_either_way_and_the_last_one_need_not() {
        let text = |text: &str| Line::Text(text.to_owned());
        assert_eq!(lines(b"one\ntwo\r\n\nlast"), [text("one"), text("two"), text(""), text("last")]);
        assert_eq!(lines(b"a\xffb\n"), [text("a\u{fffd}b")]);
    }

    #[test]
    fn an_endless_line_is_skipped_and_the_next_one_taken() {
        let mut bytes = vec![b'x'; LINE_MAX + 1];
        bytes.extend(b"\nnext\n");
        assert_eq!(lines(&bytes), [Line::TooLong, Line::Text("next".to_owned())]);
        let exact = vec![b'x'; LINE_MAX];
        assert!(matches!(&lines(&exact)[..], [Line::Text(text)] if text.len() == LINE_MAX));
    }

    #[tokio::test]
    async fn what_was_written_comes_out_in_order() {
        let (sender, receiver) = mpsc::channel(4);
        for line in ["one", "two"] {
            sender.send(line.to_owned()).await.unwrap();
        }
        drop(sender);
        let written = tokio::task::spawn_blocking(move || {
            let mut out = Vec::new();
            write_lines(receiver, &mut out).map(|()| out)
        });
        assert_eq!(written.await.unwrap().unwrap(), b"one\ntwo\n");
    }
}
