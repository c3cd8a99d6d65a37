package engine_test

import (
	"testing"

	"portcullis/engine"
	"portcullis/packet"
	"portcullis/packet/packettest"
)

// TestEstablishedOthers: packets of established sessions that are no TCP go the
// short way, and allocate nothing. What opens or ends one goes the long way.
func TestEstablishedOthers(t *testing.T) {
	r := newRig(t, rigPolicy)
	open := []struct{ in, line string }{
		{"port1", "sctp 10.1.0.2:5000 > 10.2.0.2:9 init 100"}, {"port2", "sctp 10.2.0.2:9 > 10.1.0.2:5000 tag 100 init-ack 200"},
		{"port1", "sctp 10.1.0.2:5000 > 10.2.0.2:9 tag 200 cookie-echo"}, {"port2", "sctp 10.2.0.2:9 > 10.1.0.2:5000 tag 100 cookie-ack"},
		{"port1", "gre 10.1.0.2 > 10.2.0.2 key 7 len 40"}, {"port2", "gre 10.2.0.2 > 10.1.0.2 key 7 len 40"},
		{"port1", "gre 10.1.0.2 > 10.2.0.2 call 8 seq 1 len 40"}, {"port2", "gre 10.2.0.2 > 10.1.0.2 call 9 seq 1 len 40"},
		{"port1", "esp 10.1.0.2 > 10.2.0.2 len 40"}, {"port2", "esp 10.2.0.2 > 10.1.0.2 len 40"},
	}
	for _, p := range open {
		frame, off, _ := packettest.Build(p.line)
		if v, why := r.send(t, p.in, frame, off, wellFormed(t)); v != engine.Forward {
			t.Fatalf("%s: %v", p.line, why)
		}
	}
	for _, c := range []struct {
		in, line string
		short    bool
	}{
		{"port1", "sctp 10.1.0.2:5000 > 10.2.0.2:9 tag 200 sack heartbeat len 1000", true},
		{"port2", "sctp 10.2.0.2:9 > 10.1.0.2:5000 tag 100 len 1000", true},
		{"port1", "gre 10.1.0.2 > 10.2.0.2 key 7 len 40", true},
		{"port1", "gre 10.1.0.2 > 10.2.0.2 call 8 seq 2 len 40", true},
		{"port2", "gre 10.2.0.2 > 10.1.0.2 call 9 seq 2 len 40", true},
		{"port2", "esp 10.2.0.2 > 10.1.0.2 len 40", true},
		{"port1", "sctp 10.1.0.2:5000 > 10.2.0.2:9 tag 201 len 1000", false},
		{"port1", "sctp 10.1.0.2:5000 > 10.2.0.2:9 init 7", false},
		{"port1", "sctp 10.1.0.2:5000 > 10.2.0.2:9 tag 200 sack shutdown", false},
		{"port1", "sctp 10.1.0.2:5000 > 10.2.0.2:9 tag 200 sack abort", false},
	} {
		frame := packettest.Frame(c.line)
		mem := make([]byte, len(frame))
		batch := make([]engine.Slot, 1)
		left := 0
		n := testing.AllocsPerRun(10, func() {
			batch[0].Renew()
			copy(mem, frame)
			batch[0].In = r.names.InterfaceIndex(c.in)
			if why := batch[0].Parse(mem, packet.Offload{}); why != packet.ReasonNone {
				t.Fatal(why)
			}
			left = r.worker.Quick(1, batch)
		})
		if n != 0 || (left == 0) != c.short {
			t.Errorf("%s: %d left to the long way, %v allocations", c.line, left, n)
		}
	}
}
