//! Ways to send messages from one process to another, all with the same two ends.

mod channel;
mod file;
mod shared;

use anyhow::Result;

/// The end that sends.
pub trait Send {
    /// Sends a message.
    ///
    /// # Errors
    /// If it cannot be sent, also because the receiver is gone.
    fn send(&mut self, message: &[u8]) -> Result<()>;
}

/// The end that receives.
pub trait Receive {
    /// Receives a message of the length that `message` has.
    ///
    /// # Errors
    /// If none comes, also because the sender is gone.
    fn receive(&mut self, message: &mut Vec<u8>) -> Result<()>;
}

/// Both ends of a way, made before a fork.
pub type Ends = (Box<dyn Send>, Box<dyn Receive>);

/// A way to send messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A pipe: a stream of bytes, through the kernel.
    Pipe,
    /// A pair of sockets that pass on a stream of bytes.
    Stream,
    /// A pair of sockets that pass on messages.
    SeqPacket,
    /// An `ipc_channel` of `Vec<u8>`.
    Typed,
    /// A bytes channel of ipc-channel.
    Bytes,
    /// The ring buffer in shared memory.
    Ring,
}

impl Way {
    /// All of them.
    pub const ALL: [Way; 6] =
        [Way::Pipe, Way::Stream, Way::SeqPacket, Way::Typed, Way::Bytes, Way::Ring];

    /// Its name in a table.
    pub fn name(self) -> &'static str {
        match self {
            Way::Pipe => "pipe",
            Way::Stream => "socket, stream",
            Way::SeqPacket => "socket, seqpacket",
            Way::Typed => "ipc-channel, typed",
            Way::Bytes => "ipc-channel, bytes",
            Way::Ring => "shared memory, ring",
        }
    }

    /// Makes both ends, for messages of up to `longest` bytes. `None` if this way does
    /// not carry messages of this length.
    ///
    /// # Errors
    /// If the system gives no descriptors or no memory.
    pub fn open(self, longest: usize) -> Result<Option<Ends>> {
        match self {
            Way::Pipe => file::pipe().map(Some),
            Way::Stream => file::stream().map(Some),
            Way::SeqPacket => file::seqpacket(longest),
            Way::Typed => channel::typed().map(Some),
            Way::Bytes => channel::bytes().map(Some),
            Way::Ring => shared::ring(longest).map(Some),
        }
    }
}
