package control

import (
	"strings"
	"testing"
	"time"

	"portcullis/session"
	"portcullis/session/sctp"
)

// TestProtocols: of a GRE tunnel people read the key, in full and at both ends, and
// look for it with sport and dport; of SCTP the state of the association.
func TestProtocols(t *testing.T) {
	tunnel := key(47, "10.1.0.2", 15, "10.2.0.2", 16960) // 1000000
	behind := key(47, "203.0.113.9", 15, "10.2.0.2", 16960)
	bare := key(47, "10.1.0.2", 0, "10.2.0.2", 0)
	assoc := key(132, "10.1.0.2", 5000, "10.2.0.2", 36412)
	f := &fake{at: Moment{Now: session.Tick(93 * time.Second)}}
	f.records = []Record{
		rec(1, tunnel, tunnel, func(s *session.Record) { s.SetTimeout(10 * time.Minute) }),
		rec(2, tunnel, behind, func(s *session.Record) { s.SetTimeout(10 * time.Minute) }),
		rec(3, bare, bare, func(s *session.Record) { s.SetTimeout(10 * time.Minute) }),
		rec(4, assoc, assoc, func(s *session.Record) { s.State = session.State(sctp.ShutdownAckSent) }),
	}
	// A call of PPTP, translated at the client's end: its own id is 7, and 99 to the
	// concentrator, whose id is 900.
	call := rec(5, key(47, "10.1.0.2", 0, "10.2.0.2", 900), key(47, "203.0.113.9", 0, "10.2.0.2", 99), func(s *session.Record) {
		s.SetTimeout(session.Never)
		*s.Call() = session.Call{On: true, Leave: [2]uint16{900, 7}}
	})
	f.records = append(f.records, call)
	w := &walker{source: f, names: fakeNames{}, pause: func() error { return nil }}
	var text []byte
	err := w.sessions(func(s *Session) { text = append(s.AppendShort(s.AppendBlock(text)), '\n') })
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "protocols.txt", string(text))

	for words, want := range map[string]string{
		"proto 47 dport 1000000": "1 2", "sport 1000000": "1 2", "dport 16960": "", "nport 1000000": "2",
		"proto 47 dport 0": "3", "proto 47 dport 900": "5", "proto 132 proto-state 7": "4",
	} {
		filter, err := ParseFilter(strings.Fields(words))
		if err != nil {
			t.Fatal(err)
		}
		w := &walker{source: f, names: fakeNames{}, query: Query{Filter: filter}, pause: func() error { return nil }}
		var got []string
		if err := w.sessions(func(s *Session) { got = append(got, string('0'+rune(s.Serial))) }); err != nil {
			t.Fatal(err)
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%s chooses %q, expected %q", words, g, want)
		}
	}
}
