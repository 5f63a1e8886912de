//! The channels of the crate ipc-channel.

use anyhow::{Context, Result};
use ipc_channel::ipc::{self, IpcBytesReceiver, IpcBytesSender, IpcReceiver, IpcSender};

use super::{Ends, Receive, Send};

impl Send for IpcSender<Vec<u8>> {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        IpcSender::send(self, message.to_vec()).context("send")
    }
}

impl Receive for IpcReceiver<Vec<u8>> {
    fn receive(&mut self, message: &mut Vec<u8>) -> Result<()> {
        *message = self.recv().context("recv")?;
        Ok(())
    }
}

pub fn typed() -> Result<Ends> {
    let (tx, rx) = ipc::channel().context("ipc::channel")?;
    Ok((Box::new(tx), Box::new(rx)))
}

impl Send for IpcBytesSender {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        IpcBytesSender::send(self, message).context("send")
    }
}

impl Receive for IpcBytesReceiver {
    fn receive(&mut self, message: &mut Vec<u8>) -> Result<()> {
        *message = self.recv().context("recv")?;
        Ok(())
    }
}

pub fn bytes() -> Result<Ends> {
    let (tx, rx) = ipc::bytes_channel().context("ipc::bytes_channel")?;
    Ok((Box::new(tx), Box::new(rx)))
}
