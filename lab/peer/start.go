package peer

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"portcullis/lab"
)

// Server is a peer that serves until it is stopped, with the events it has
// told of.
type Server struct {
	*lab.Process
	mu     sync.Mutex
	events []Event
}

// Serve starts a serving peer in a namespace and waits until it is ready.
func Serve(ns *lab.Namespace, name string, args ...string) (*Server, error) {
	cmd, err := Command(name, args...)
	if err != nil {
		return nil, err
	}
	s := new(Server)
	ready := make(chan struct{})
	cmd.Stdout = func(line string) {
		var e Event
		if json.Unmarshal([]byte(line), &e) != nil {
			return
		}
		if e.Name == "ready" {
			close(ready)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.events = append(s.events, e)
	}
	if s.Process, err = ns.Start(cmd); err != nil {
		return nil, err
	}
	select {
	case <-ready:
		return s, nil
	case <-s.Done():
		return nil, fmt.Errorf("%s: ended before it was ready: %w", name, s.Err())
	case <-time.After(10 * time.Second):
		s.Kill()
		return nil, fmt.Errorf("%s: not ready after 10 s", name)
	}
}

// Events are what the server has told of so far, by name; "" is all.
func (s *Server) Events(name string) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var events []Event
	for _, e := range s.events {
		if name == "" || e.Name == name {
			events = append(events, e)
		}
	}
	return events
}

// Do runs a peer to its end and decodes its report into v. That the peer's
// work was denied by the network is in the report; an error is one of the lab.
func Do(ctx context.Context, ns *lab.Namespace, v any, name string, args ...string) error {
	cmd, err := Command(name, args...)
	if err != nil {
		return err
	}
	p, err := ns.Run(ctx, cmd)
	if err != nil {
		return err
	}
	return last(p.Stdout(), v)
}

// Report waits for the end of a peer that serves for a while and decodes its
// report into v.
func (s *Server) Report(ctx context.Context, v any) error {
	select {
	case <-s.Done():
	case <-ctx.Done():
		s.Kill()
		return ctx.Err()
	}
	if err := s.Err(); err != nil {
		return err
	}
	return last(s.Stdout(), v)
}
