package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"portcullis/engine"
	"portcullis/packet"
	"portcullis/session"
)

// TestMaxExpectations: max-expectations says how many children of one control
// session are awaited; the oldest gives way. What a session began with holds for
// it, also behind a change.
func TestMaxExpectations(t *testing.T) {
	entry := func(most int) string {
		return fmt.Sprintf("[[system.session-helper]]\nid = 13\nname = \"sip\"\nprotocol = 17\nport = 5060\nmax-expectations = %d\n", most)
	}
	r := newRig(t, rigPolicy)
	several := invite // which has one at most by itself
	r.names.BuildIn(&several)
	invites := func(client string, from, to int) (ports []uint16) {
		for n := from; n <= to; n++ {
			line := datagram(client+":5060", "10.2.0.2:5060", invitation(20, fmt.Sprintf("%s:%d", client, n)), "")
			if v, why := r.arrive(t, "port1", newReceiver(t), line); v != engine.Forward {
				t.Fatal(why)
			}
		}
		r.worker.Expectations(func(e *session.Expectation) bool {
			if e.Match.Dst == packet.MustAddr(client) {
				ports = append(ports, e.Match.DstPort)
			}
			return true
		})
		slices.Sort(ports)
		return ports
	}
	r.obey(t, rigPolicy+entry(3))
	if got := invites("10.1.0.2", 4001, 4005); !slices.Equal(got, []uint16{4003, 4004, 4005}) {
		t.Errorf("awaited %v, expected the last three", got)
	}
	r.obey(t, rigPolicy+entry(0))
	if got := invites("10.1.0.3", 4001, 4005); !slices.Equal(got, []uint16{4005}) {
		t.Errorf("awaited %v, expected the last, as the helper has it", got)
	}
	if got := invites("10.1.0.2", 4006, 4007); !slices.Equal(got, []uint16{4005, 4006, 4007}) {
		t.Errorf("awaited %v, expected three still", got)
	}
}
