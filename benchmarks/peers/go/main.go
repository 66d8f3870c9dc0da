// The benchmark's application on zishang520/socket.io: see benchmarks/README.md for its events.
// `server PORT [PING_INTERVAL]`; port 0 prints the versions and ends.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/zishang520/engine.io/v2/types"
	"github.com/zishang520/socket.io/v2/socket"
)

const (
	everybody = socket.Room("everybody")
	tick      = 20 * time.Millisecond // between the deltas of a stream
)

// Modules whose versions are worth telling.
var matters = map[string]bool{
	"zishang520/socket.io/v2": true,
	"zishang520/engine.io/v2": true,
	"gorilla/websocket":       true,
}

var token = map[string]any{"text": "token "}

// The clients that are connected, as the application sees it.
type population struct {
	lock   sync.Mutex
	inside map[socket.SocketId]*socket.Socket
}

func (p *population) add(client *socket.Socket) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.inside[client.Id()] = client
}

func (p *population) remove(client *socket.Socket) {
	p.lock.Lock()
	defer p.lock.Unlock()
	delete(p.inside, client.Id())
}

func (p *population) all() []*socket.Socket {
	p.lock.Lock()
	defer p.lock.Unlock()
	found := make([]*socket.Socket, 0, len(p.inside))
	for _, client := range p.inside {
		found = append(found, client)
	}
	return found
}

func produce(clients []*socket.Socket, lasting time.Duration) {
	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	for end := time.Now().Add(lasting); time.Now().Before(end); <-ticks.C {
		for _, client := range clients {
			client.Emit("delta", token)
		}
	}
}

func answer(args []any, values ...any) {
	args[len(args)-1].(socket.Ack)(values, nil)
}

func lasting(args []any) time.Duration {
	return time.Duration(args[0].(float64) * float64(time.Second))
}

func addHandlers(io *socket.Server) {
	clients := population{inside: map[socket.SocketId]*socket.Socket{}}

	io.On("connection", func(arguments ...any) {
		client := arguments[0].(*socket.Socket)
		clients.add(client)
		client.On("disconnect", func(...any) { clients.remove(client) })
		client.On("population", func(args ...any) { answer(args, len(clients.all())) })
		client.On("echo", func(args ...any) { answer(args, args[0]) })
		client.On("one", func(args ...any) { io.To(socket.Room(client.Id())).Emit("news", args[0]) })
		client.On("join", func(args ...any) {
			client.Join(everybody)
			answer(args)
		})
		client.On("spread", func(args ...any) { io.To(everybody).Emit("news", args[0]) })
		client.On("stream", func(args ...any) {
			go produce([]*socket.Socket{client}, lasting(args))
		})
		client.On("tick", func(args ...any) { go produce(clients.all(), lasting(args)) })
		client.On("hold", func(args ...any) {
			for end := time.Now().Add(lasting(args)); time.Now().Before(end); {
			}
			answer(args, args[0])
		})
	})
}

func printVersions() {
	found := map[string]string{"go": runtime.Version()}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			if name, ours := strings.CutPrefix(module.Path, "github.com/"); ours && matters[name] {
				found[name] = module.Version
			}
		}
	}
	text, _ := json.Marshal(found)
	fmt.Println(string(text))
}

func number(index int, otherwise float64) float64 {
	if index < len(os.Args) {
		if value, err := strconv.ParseFloat(os.Args[index], 64); err == nil {
			return value
		}
	}
	return otherwise
}

func main() {
	port := int(number(1, 0))
	if port == 0 {
		printVersions()
		return
	}
	options := socket.DefaultServerOptions()
	options.SetPingInterval(time.Duration(number(2, 25) * float64(time.Second)))
	options.SetServeClient(false)
	options.SetCors(&types.Cors{Origin: "*"})
	io := socket.NewServer(nil, nil)
	addHandlers(io)
	http.Handle("/socket.io/", io.ServeHandler(options))
	log.Fatal(http.ListenAndServe(fmt.Sprintf("127.0.0.1:%d", port), nil))
}
