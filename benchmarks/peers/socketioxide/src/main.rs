//! The benchmark's application on socketioxide: see benchmarks/README.md for its events.
//! `bench_socketioxide PORT [PING_INTERVAL]`; port 0 prints the versions and ends.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use axum::serve::ListenerExt;
use serde_json::{Value, json};
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, Data, SocketRef};
use tokio::net::TcpListener;

const TICK: Duration = Duration::from_millis(20); // between the deltas of a stream

async fn produce(sockets: Vec<SocketRef>, seconds: f64) {
    let token = json!({"text": "token "});
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let mut ticks = tokio::time::interval(TICK);
    while Instant::now() < end {
        ticks.tick().await;
        for socket in &sockets {
            socket.emit("delta", &token).ok();
        }
    }
}

fn hold(seconds: f64) {
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}

fn add_handlers(io: &SocketIo) {
    let inside = Arc::new(AtomicUsize::new(0));
    io.ns("/", async move |socket: SocketRef| {
        inside.fetch_add(1, Relaxed);
        let left = inside.clone();
        socket.on_disconnect(async move || {
            left.fetch_sub(1, Relaxed);
        });
        socket.on("population", async move |ack: AckSender| {
            ack.send(&inside.load(Relaxed)).ok();
        });
        socket.on("echo", async |Data::<Value>(data), ack: AckSender| {
            ack.send(&data).ok();
        });
        socket.on(
            "one",
            async |io: SocketIo, socket: SocketRef, Data::<Value>(data)| {
                // A socket is in no room of its own: it is looked up.
                if let Some(one) = io.get_socket(socket.id) {
                    one.emit("news", &data).ok();
                }
            },
        );
        socket.on("join", async |socket: SocketRef, ack: AckSender| {
            socket.join("everybody");
            ack.send(&()).ok();
        });
        socket.on("spread", async |io: SocketIo, Data::<Value>(data)| {
            io.to("everybody").emit("news", &data).await.ok();
        });
        socket.on("stream", async |socket: SocketRef, Data::<f64>(seconds)| {
            tokio::spawn(produce(vec![socket], seconds));
        });
        socket.on("tick", async |io: SocketIo, Data::<f64>(seconds)| {
            tokio::spawn(produce(io.sockets(), seconds));
        });
        socket.on("hold", async |Data::<f64>(seconds), ack: AckSender| {
            hold(seconds);
            ack.send(&seconds).ok();
        });
    });
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let number = |index: usize| {
        std::env::args()
            .nth(index)
            .and_then(|text| text.parse::<f64>().ok())
    };
    let port = number(1).expect("usage: bench_socketioxide PORT [PING_INTERVAL]") as u16;
    if port == 0 {
        println!("{}", env!("VERSIONS"));
        return;
    }
    let (layer, io) = SocketIo::builder()
        .ping_interval(Duration::from_secs_f64(number(2).unwrap_or(25.0)))
        // With the default of 128 a broadcast can find a client's queue full and leave it out.
        .max_buffer_size(4096)
        .build_layer();
    add_handlers(&io);
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .expect("the port is free");
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a TCP socket"));
    axum::serve(listener, axum::Router::new().layer(layer))
        .await
        .expect("serving");
}
