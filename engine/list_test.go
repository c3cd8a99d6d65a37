package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"portcullis/engine"
	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/packet/packettest"
	"portcullis/session"
)

// play sends lines of the form "port1 < packet".
func (r *rig) play(t *testing.T, lines ...string) {
	t.Helper()
	for _, l := range lines {
		in, text, _ := strings.Cut(l, " < ")
		v, why := r.send(t, in, packettest.Frame(text), packet.Offload{}, wellFormed(t))
		if v == engine.Drop {
			t.Fatalf("%s: %v", l, why)
		}
	}
}

// activeFTP is a login, an announcement behind a translation that makes the line
// longer, and the connection that it announced.
var activeFTP = []string{
	"port1 < tcp 10.1.0.2:40000 > 10.2.0.2:21 S seq 100",
	"port2 < tcp 10.2.0.2:21 > 10.2.0.1:40000 SA seq 900 ack 101",
	"port1 < tcp 10.1.0.2:40000 > 10.2.0.2:21 A seq 101 ack 901",
	`port2 < tcp 10.2.0.2:21 > 10.2.0.1:40000 PA seq 901 ack 101 data "220 ready\r\n"`,
	`port1 < tcp 10.1.0.2:40000 > 10.2.0.2:21 PA seq 101 ack 912 data "PORT 10,1,0,2,160,9\r\n"`,
	`port2 < tcp 10.2.0.2:20 > 10.2.0.1:40969 S seq 5000`,
	`port1 < tcp 10.1.0.2:40000 > 10.2.0.2:21 PA seq 122 ack 912 data "EPRT |1|10.1.0.2|5|\r\nPORT 10,1,0,2,160,10\r\n"`,
}

const natPolicy = rigPolicy + "nat = \"enable\"\n"

func TestListing(t *testing.T) {
	r := newRig(t, natPolicy)
	r.play(t, activeFTP...)
	w := r.worker
	var seen []string
	var offset helpers.Offset
	for cursor := uint32(0); ; {
		cursor = w.SessionsFrom(cursor, 1, func(s *session.Session) {
			seen = append(seen, fmt.Sprintf("%d against=%v", s.ID, s.Against))
			if s.Control != 0 {
				offset = w.Offset(s, packet.Original)
			}
		})
		if cursor == 0 {
			break
		}
	}
	if got := strings.Join(seen, ", "); got != "1 against=false, 2 against=true" {
		t.Errorf("sessions %s", got)
	}
	// 10,1,0,2 became 10,2,0,1: no byte more.
	if offset.Pos == 0 || offset.Before != 0 || offset.After != 0 {
		t.Errorf("offset %+v", offset)
	}
	n := 0
	w.ExpectationsFrom(0, 10, func(ref session.Ref, e *session.Expectation, master *session.Session) {
		n++
		if master.ID != 1 || ref.ID == 0 || e.Opener != packet.Reply {
			t.Errorf("expectation %+v of %d", e, master.ID)
		}
	})
	if n != w.Stats().Expectations || n == 0 {
		t.Errorf("%d expectations of %d", n, w.Stats().Expectations)
	}
}

// kept keeps events.
type kept []session.Event

// Push keeps e.
func (k *kept) Push(e *session.Event) bool {
	*k = append(*k, *e)
	return true
}

// What is cleared ends as any other session does, once.
func TestClear(t *testing.T) {
	r := newRig(t, natPolicy)
	var events kept
	r.worker = engine.NewWorker(r.rules[0], 0, engine.Options{Seed: 1, Sink: &events, Names: r.names})
	r.play(t, activeFTP...)
	w := r.worker
	var refs, expected []session.Ref
	w.SessionsFrom(0, 100, func(s *session.Session) { refs = append(refs, s.Ref()) })
	w.ExpectationsFrom(0, 100, func(ref session.Ref, _ *session.Expectation, _ *session.Session) { expected = append(expected, ref) })
	events = nil
	if n := w.ClearExpectations(session.Tick(time.Second), append(expected, expected...)); n != 1 || w.Stats().Expectations != 0 {
		t.Errorf("%d expectations cleared, %d left", n, w.Stats().Expectations)
	}
	r.play(t, `port1 < tcp 10.1.0.2:40000 > 10.2.0.2:21 PA seq 165 ack 912 data "PORT 10,1,0,2,160,11\r\n"`)
	if w.Stats().Expectations != 1 {
		t.Errorf("%d expectations", w.Stats().Expectations)
	}
	if n := w.Clear(session.Tick(time.Second), append(refs, refs[0], session.Ref{Index: 9999, ID: 1}, session.Ref{})); n != 2 {
		t.Errorf("%d sessions cleared", n)
	}
	if st := w.Stats(); st.Sessions != 0 || st.Expectations != 0 || st.Cleared != 2 {
		t.Errorf("%+v", st)
	}
	count := map[session.EventKind]int{}
	for _, e := range events {
		count[e.Kind]++
		if e.Kind == session.EventEnd && (e.End != session.EndCleared || e.Tick != session.Tick(time.Second) || !e.LogIt) {
			t.Errorf("%+v", e)
		}
	}
	if count[session.EventEnd] != 2 || count[session.EventExpectEnd] != 2 {
		t.Errorf("events by kind: %v", count)
	}
	if err := w.CheckInvariants(); err != nil {
		t.Error(err)
	}
	r.play(t, activeFTP[0]) // a new connection begins anew
}
