//! A frugal HTTP/1.1 client: one keep-alive connection, one request at a time, no allocation that is not needed.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One connection.
pub(crate) struct Http {
    stream: TcpStream,
    host: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Http {
    /// Connects to `http://host:port`.
    pub(crate) async fn connect(url: &str) -> Result<Self> {
        let host =
            url.strip_prefix("http://").context("not a plain http URL")?.trim_end_matches('/').to_owned();
        let stream = TcpStream::connect(&host).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, host, request: Vec::new(), answer: Vec::new() })
    }

    /// Sends one request with JSON; answers with the status, and leaves the body in [`Http::body`]'s place.
    pub(crate) async fn request(
        &mut self,
        method: &str,
        path: &str,
        token: &str,
        body: &str,
    ) -> Result<(u16, &[u8])> {
        self.send(method, path, token, "application/json", body.as_bytes()).await
    }

    /// The same with a body of any type.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        token: &str,
        content_type: &str,
        body: &[u8],
    ) -> Result<(u16, &[u8])> {
        use std::io::Write as _;
        self.request.clear();
        write!(self.request, "{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.host)?;
        if !token.is_empty() {
            write!(self.request, "authorization: Bearer {token}\r\n")?;
        }
        write!(self.request, "content-type: {content_type}\r\ncontent-length: {}\r\n\r\n", body.len())?;
        self.request.extend_from_slice(body);
        self.stream.write_all(&self.request).await?;
        self.read_answer().await
    }

    /// The same with JSON on both sides; anything but 200 is an error with the body in it.
    pub(crate) async fn json(
        &mut self,
        method: &str,
        path: &str,
        token: &str,
        body: &Value,
    ) -> Result<Value> {
        let (status, answer) = self.request(method, path, token, &body.to_string()).await?;
        if status != 200 {
            bail!("{method} {path}: {status} {}", String::from_utf8_lossy(answer));
        }
        Ok(serde_json::from_slice(answer)?)
    }

    async fn read_answer(&mut self) -> Result<(u16, &[u8])> {
        self.answer.clear();
        let head = loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                bail!("the server hung up");
            }
            if let Some(end) = self.answer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let (status, length) = parse_head(std::str::from_utf8(&self.answer[..head])?)?;
        let length = match length {
            Some(length) => {
                while self.answer.len() < head + length {
                    self.read_more().await?;
                }
                length
            }
            None => self.read_chunks(head).await?,
        };
        Ok((status, &self.answer[head..head + length]))
    }

    async fn read_more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.answer).await? == 0 {
            bail!("the server hung up in mid-answer");
        }
        Ok(())
    }

    /// Reads a body that comes in chunks (RFC 9112, section 7.1) and leaves it in one piece at `at`; gives its length.
    async fn read_chunks(&mut self, at: usize) -> Result<usize> {
        let (mut read, mut written) = (at, at);
        loop {
            let line = loop {
                if let Some(end) = self.answer[read..].windows(2).position(|window| window == b"\r\n") {
                    break end;
                }
                self.read_more().await?;
            };
            let size =
                usize::from_str_radix(std::str::from_utf8(&self.answer[read..read + line])?.trim(), 16)?;
            read += line + 2;
            while self.answer.len() < read + size + 2 {
                self.read_more().await?;
            }
            self.answer.copy_within(read..read + size, written);
            (read, written) = (read + size + 2, written + size);
            if size == 0 {
                return Ok(written - at);
            }
        }
    }
}

/// The status, and the length of the body if it is not to come in chunks.
fn parse_head(head: &str) -> Result<(u16, Option<usize>)> {
    let status = head.split(' ').nth(1).context("no status")?.parse()?;
    let field = |wanted: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    };
    match (field("content-length"), field("transfer-encoding")) {
        (Some(length), None) => Ok((status, Some(length.parse()?))),
        (None, Some("chunked")) => Ok((status, None)),
        _ => bail!("an answer without a length"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_length_are_read_whatever_the_case() {
        let head = "HTTP/1.1 429 Too Many Requests\r\nDate: now\r\nContent-Length: 17\r\n\r\n";
        assert_eq!(parse_head(head).unwrap(), (429, Some(17)));
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        assert_eq!(parse_head(head).unwrap(), (200, None));
        assert!(parse_head("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").is_err());
    }

    #[tokio::test]
    async fn a_body_in_chunks_is_read_whole_however_it_is_cut() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 1024];
            let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\na\r\npedia in c\r\n0\r\n\r\n";
            for _ in 0..2 {
                assert!(stream.read(&mut asked).await.unwrap() > 0);
                for piece in answer.chunks(7) {
                    stream.write_all(piece).await.unwrap();
                    stream.flush().await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
        });
        let mut http = Http::connect(&url).await.unwrap();
        for _ in 0..2 {
            let (status, body) = http.request("GET", "/", "", "").await.unwrap();
            assert_eq!((status, body), (200, b"Wikipedia in c".as_slice()));
        }
        server.await.unwrap();
    }
}
