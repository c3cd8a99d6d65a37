package control

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// Theory of operation.
//
// A request is answered by one goroutine with one walker. It copies a page of
// records while packets wait, then, with packets going on, shows, filters and
// writes them into the connection. A reader that is slow holds up nobody but
// itself. What is written first can not be taken back, so an error on the way
// breaks the connection off and the client sees an answer that does not end.
//
//	GET    /v1/sessions      one JSON object a line, or as=block, as=short: text
//	DELETE /v1/sessions      clear
//	GET    /v1/expectations  as sessions
//	GET    /v1/stats
//	GET    /v1/top           by=source|destination|policy, count=
//	GET    /v1/interfaces
//	GET    /v1/ippools            name=, of a pool
//	GET    /v1/ippool-blocks      as sessions, as=block
//	GET    /v1/ippool-addresses   likewise
//	GET    /v1/mappings           likewise
//	GET    /v1/mappings/count
//	GET    /v1/vips
//	GET    /v1/fqdns
//	GET    /v1/session-helpers
//	GET    /v1/trace              count=, filter= of a packet's fields, as=text
//
// Those about sessions and expectations, and the lists, take family=4|6 and
// filter=, which is the words of a filter.

// Server answers the API's requests.
type Server struct {
	source Source
	names  Names
	http   http.Server
	setups rate
	stop   chan struct{}
	done   sync.WaitGroup

	gate   sync.RWMutex // held for reading by whoever answers a request
	closed bool
}

// NewServer returns a server that reads source. Close ends it.
func NewServer(source Source, names Names) *Server {
	s := &Server{source: source, names: names, stop: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/sessions", list[Session]{walk: (*walker).sessions, writer: writerOf}.of(s))
	mux.HandleFunc("DELETE /v1/sessions", s.clear)
	mux.HandleFunc("GET /v1/expectations", list[Session]{walk: (*walker).awaited, writer: writerOf}.of(s))
	mux.HandleFunc("GET /v1/stats", s.stats)
	mux.HandleFunc("GET /v1/top", s.top)
	mux.HandleFunc("GET /v1/interfaces", s.interfaces)
	mux.HandleFunc("GET /v1/ippools", s.pools)
	mux.HandleFunc("GET /v1/ippool-blocks", blockList.of(s))
	mux.HandleFunc("GET /v1/ippool-addresses", addressList.of(s))
	mux.HandleFunc("GET /v1/mappings", mappingList.of(s))
	mux.HandleFunc("GET /v1/mappings/count", s.mapped)
	mux.HandleFunc("GET /v1/vips", s.vips)
	mux.HandleFunc("GET /v1/fqdns", s.fqdns)
	mux.HandleFunc("GET /v1/session-helpers", s.helpers)
	mux.HandleFunc("GET /v1/trace", s.trace)
	s.http = http.Server{Handler: s.gated(mux), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	s.done.Add(1)
	go s.measure()
	return s
}

// gated keeps requests out once the server is closed.
func (s *Server) gated(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.gate.RLock()
		defer s.gate.RUnlock()
		if !s.closed {
			h.ServeHTTP(w, r)
		}
	})
}

// Serve answers what comes in by l, which it takes, until Close.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// measure samples what setup_rate tells.
func (s *Server) measure() {
	defer s.done.Done()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	s.setups.sample(s.source.Counters().Created, time.Now())
	for {
		select {
		case at := <-tick.C:
			s.setups.sample(s.source.Counters().Created, at)
		case <-s.stop:
			return
		}
	}
}

// closeGrace is how long requests may go on after Close was called.
const closeGrace = 500 * time.Millisecond

// Close ends the server and waits until nobody reads the source any more. It is
// called once.
func (s *Server) Close() error {
	close(s.stop)
	ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close() // a long list is cut short
	}
	s.gate.Lock()
	s.closed = true
	s.gate.Unlock()
	s.done.Wait()
	return err
}
