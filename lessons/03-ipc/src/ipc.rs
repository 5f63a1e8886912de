//! Typed messages: a struct goes in, a struct comes out. A channel can be sent through
//! a channel, for the answer. Compare with `several`, which waits for many channels at once.

use anyhow::{Context, Result};
use common::child::{self, Child};
use ipc_channel::IpcError;
use ipc_channel::ipc::{IpcReceiver, IpcSender, channel};
use nix::unistd::getpid;
use serde::{Deserialize, Serialize};

/// What a customer sends, with the sender of a channel for the answer.
#[derive(Serialize, Deserialize)]
struct Order {
    fruit: String,
    count: u32,
    answer: IpcSender<Bill>,
}

#[derive(Serialize, Deserialize)]
struct Bill {
    cents: u32,
}

pub fn run() -> Result<()> {
    let shop = open_shop()?;
    order(shop)
}

/// A process and the sender of the channel that it reads.
struct Shop {
    orders: IpcSender<Order>,
    process: Child,
}

fn open_shop() -> Result<Shop> {
    let (orders, receiver) = channel().context("channel")?;
    let Some(process) = child::fork()? else {
        // A sender kept here would keep the shop waiting for its own orders.
        drop(orders);
        child::exit(serve(&receiver))
    };
    Ok(Shop { orders, process })
}

/// Answers each order, until nobody can send one any more.
fn serve(orders: &IpcReceiver<Order>) -> Result<()> {
    loop {
        match orders.recv() {
            Ok(Order { fruit, count, answer }) => {
                println!("  shop (pid {}): an order of {count} {fruit}", getpid());
                let bill = Bill { cents: 20 * count };
                answer.send(bill).context("send the bill")?;
            }
            Err(IpcError::Disconnected) => break,
            Err(error) => return Err(error).context("receive an order"),
        }
    }
    println!("  shop (pid {}): nobody can order any more", getpid());
    Ok(())
}

fn order(shop: Shop) -> Result<()> {
    println!("I ({}) send orders, and with each a channel for the bill:", getpid());
    for (count, fruit) in [(3, "pears"), (5, "plums")] {
        let (answer, bills) = channel().context("channel")?;
        let order = Order { fruit: fruit.to_owned(), count, answer };
        shop.orders.send(order).context("send an order")?;
        let Bill { cents } = bills.recv().context("receive the bill")?;
        println!("  I have a bill of {cents} cents");
    }
    drop(shop.orders);
    shop.process.join()
}
