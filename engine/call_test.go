package engine_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"portcullis/engine"
	"portcullis/handover"
	"portcullis/packet"
	"portcullis/packet/packettest"
	"portcullis/session"
)

// line is one end of PPTP behind an address that several share, and its calls.
type line struct {
	host   string
	public string // its control connection's end, as the server sees it
	seq    [2]uint32
	calls  map[uint16]*dialled // by the client's own id
}

// dialled is a call as both ends know it.
type dialled struct{ own, seen, theirs uint16 }

// switchboard is a server with clients that all come from one address.
type switchboard struct {
	*rig
	t     *testing.T
	dice  *rand.Rand
	lines []*line
	used  map[uint16]bool // the server's ids, of all that ever were
}

// pass sends a packet and returns what left, "" where nothing did.
func (b *switchboard) pass(in, text string) (left string) {
	b.t.Helper()
	b.sendAlone(b.t, in, packettest.Frame(text), packet.Offload{}, func(s *engine.Slot) {
		var p packet.Packet
		if why := p.Parse(bytes.Clone(s.Frame), s.Offload); why != packet.ReasonNone {
			b.t.Fatalf("%s: what left does not parse: %v", text, why)
		}
		left = strings.Replace(packettest.Text(&p), " ttl 63", "", 1)
	})
	return left
}

// say has one end of a control connection say something, and returns the words of
// what the other end reads.
func (b *switchboard) say(l *line, dir packet.Dir, words string) string {
	b.t.Helper()
	ends, in := [2]string{l.host + ":3000", "10.2.0.2:1723"}, "port1"
	back, from := [2]string{"10.2.0.2:1723", l.public}, "port2"
	if dir == packet.Reply {
		ends, in, back, from = back, from, ends, in
	}
	text := fmt.Sprintf("tcp %s > %s PA seq %d ack %d pptp %s", ends[0], ends[1], l.seq[dir], l.seq[dir.Other()], words)
	l.seq[dir] += uint32(len(packettest.Packet(text).Data()))
	left := b.pass(in, text)
	_, read, ok := strings.Cut(left, " pptp ")
	if !ok {
		b.t.Fatalf("%s: %q left", text, left)
	}
	b.pass(from, fmt.Sprintf("tcp %s > %s A seq %d ack %d", back[0], back[1], l.seq[dir.Other()], l.seq[dir]))
	return read
}

// connect opens a control connection anew.
func (b *switchboard) connect(l *line) {
	l.seq, l.calls = [2]uint32{101, 901}, map[uint16]*dialled{}
	syn := b.pass("port1", fmt.Sprintf("tcp %s:3000 > 10.2.0.2:1723 S seq 100", l.host))
	l.public = strings.Fields(syn)[1]
	b.pass("port2", fmt.Sprintf("tcp 10.2.0.2:1723 > %s SA seq 900 ack 101", l.public))
	b.pass("port1", fmt.Sprintf("tcp %s:3000 > 10.2.0.2:1723 A seq 101 ack 901", l.host))
	b.say(l, packet.Original, "start-request/256")
	b.say(l, packet.Reply, "start-reply/256/256")
}

// id is the n-th word of a message.
func (b *switchboard) id(words string, n int) (id uint16) {
	b.t.Helper()
	if parts := strings.Split(words, "/"); len(parts) > n {
		if _, err := fmt.Sscan(parts[n], &id); err != nil {
			b.t.Fatal(err)
		}
	}
	return id // trailing zeros are not told
}

func (b *switchboard) dial(l *line) {
	own := uint16(b.dice.IntN(5))
	if l.calls[own] != nil {
		return
	}
	theirs := uint16(b.dice.Uint32())
	if b.used[theirs] {
		return
	}
	b.used[theirs] = true
	c := &dialled{own: own, theirs: theirs}
	c.seen = b.id(b.say(l, packet.Original, fmt.Sprintf("out-request/%d", own)), 1)
	for _, o := range b.lines {
		for _, other := range o.calls {
			if other.seen == c.seen {
				b.t.Fatalf("%s and %s have call id %d", l.host, o.host, c.seen)
			}
		}
	}
	if read := b.say(l, packet.Reply, fmt.Sprintf("out-reply/%d/%d/256", theirs, c.seen)); b.id(read, 1) != theirs || b.id(read, 2) != own {
		b.t.Fatalf("call %+v: the client reads %s", *c, read)
	}
	l.calls[own] = c
}

// speak has data of a call pass, or where it is over not pass.
func (b *switchboard) speak(l *line, c *dialled, over bool) {
	b.t.Helper()
	there := fmt.Sprintf("gre %s > 10.2.0.2 call %d seq 1 len 8", l.host, c.theirs)
	back := fmt.Sprintf("gre 10.2.0.2 > 10.2.0.1 call %d seq 1 len 8", c.seen)
	gotThere, gotBack := b.pass("port1", there), ""
	wantThere, wantBack := fmt.Sprintf("gre 10.2.0.1 > 10.2.0.2 call %d seq 1 len 8", c.theirs), fmt.Sprintf("gre 10.2.0.2 > %s call %d seq 1 len 8", l.host, c.own)
	if b.dice.IntN(2) == 0 || over {
		gotBack = b.pass("port2", back)
	} else {
		wantBack = ""
	}
	if over {
		wantThere, wantBack = "", ""
	}
	if gotThere != wantThere || gotBack != wantBack {
		b.t.Fatalf("call %+v of %s, over: %v: left %q and %q, want %q and %q", *c, l.host, over, gotThere, gotBack, wantThere, wantBack)
	}
}

// hangUp ends a call in one of the ways there are.
func (b *switchboard) hangUp(l *line, c *dialled) {
	if b.dice.IntN(2) == 0 {
		if read := b.say(l, packet.Original, fmt.Sprintf("clear/%d", c.own)); b.id(read, 1) != c.seen {
			b.t.Fatalf("call %+v: the server reads %s", *c, read)
		}
	}
	id, want := c.theirs, c.theirs
	if b.dice.IntN(4) == 0 && !b.ids(l)[c.seen] { // as some servers write it
		id, want = c.seen, c.own
	}
	if read := b.say(l, packet.Reply, fmt.Sprintf("disconnect/%d", id)); b.id(read, 1) != want {
		b.t.Fatalf("call %+v: of %d the client reads %s", *c, id, read)
	}
	delete(l.calls, c.own)
	b.speak(l, c, true)
}

// ids are those that the server has chosen for the calls of a client.
func (b *switchboard) ids(l *line) map[uint16]bool {
	ids := map[uint16]bool{}
	for _, c := range l.calls {
		ids[c.theirs] = true
	}
	return ids
}

// drop resets a control connection, which ends all its calls.
func (b *switchboard) drop(l *line) {
	b.pass("port1", fmt.Sprintf("tcp %s:3000 > 10.2.0.2:1723 R seq %d", l.host, l.seq[0]))
	for _, c := range l.calls {
		b.speak(l, c, true)
	}
	b.now += session.Tick(60e9)
	b.even()
	b.connect(l)
}

func (b *switchboard) restart() {
	b.even()
	next := newRig(b.t, callRules)
	next.now, next.worker = b.now, engine.NewWorker(next.rules[0], b.now, engine.Options{Seed: b.dice.Uint64(), Sink: next.ledger, Names: next.names})
	next.takeUp(b.t, b.handOver(b.t), 0)
	b.rig = next
}

var callRules = strings.Replace(rigPolicy, `service = "ALL"`, `service = "PPTP"`, 1) + "nat = \"enable\"\n"

// TestCalls has clients behind one address make and end calls in any order, with
// restarts in between: every packet reaches the end that it is for, under the id which
// that end chose, and none once its call is over.
func TestCalls(t *testing.T) {
	for seed := range uint64(4) {
		b := &switchboard{rig: newRig(t, callRules), t: t, dice: rand.New(rand.NewPCG(seed, 17)), used: map[uint16]bool{}}
		for _, host := range []string{"10.1.0.2", "10.1.0.3", "10.1.0.4"} {
			l := &line{host: host}
			b.lines = append(b.lines, l)
			b.connect(l)
		}
		spoken := 0
		for range 3000 {
			l := b.lines[b.dice.IntN(len(b.lines))]
			var c *dialled
			for _, c = range l.calls {
				break
			}
			switch n := b.dice.IntN(20); {
			case n < 4:
				b.dial(l)
			case n == 5 && c != nil:
				b.hangUp(l, c)
			case n == 6 && b.dice.IntN(10) == 0:
				b.drop(l)
			case n == 7 && b.dice.IntN(10) == 0:
				b.restart()
			case n == 8 && c != nil:
				if read := b.say(l, packet.Reply, fmt.Sprintf("wan-error/%d", c.seen)); b.id(read, 1) != c.own {
					t.Fatalf("call %+v: the client reads %s", *c, read)
				}
			case c != nil:
				b.speak(l, c, false)
				spoken++
			}
			if err := b.worker.CheckInvariants(); err != nil {
				t.Fatal(err)
			}
		}
		if spoken < 500 {
			t.Errorf("%d times spoken", spoken)
		}
	}
}

// TestCallWithoutMaster: a call whose control session a restart could not take up ends.
func TestCallWithoutMaster(t *testing.T) {
	b := &switchboard{rig: newRig(t, callRules), t: t, dice: rand.New(rand.NewPCG(1, 2)), used: map[uint16]bool{}, lines: []*line{{host: "10.1.0.2"}}}
	l := b.lines[0]
	b.connect(l)
	for len(l.calls) == 0 {
		b.dial(l)
	}
	for _, c := range l.calls {
		b.speak(l, c, false)
	}
	in, err := handover.NewReader(bytes.NewReader(b.handOver(t)))
	if err != nil {
		t.Fatal(err)
	}
	next := newRig(t, callRules)
	heir := next.worker.Inherit(next.now, in.Header(), 0)
	var rec handover.Record
	for err = in.Next(&rec); err == nil; err = in.Next(&rec) {
		if rec.Session.IsCall() {
			if f := heir.Take(next.now, &rec); f != engine.Taken {
				t.Error(f)
			}
		}
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	if n := next.worker.Stats().Sessions; n != 1 {
		t.Fatalf("%d sessions", n)
	}
	heir.Finish()
	if n := next.worker.Stats().Sessions; n != 0 {
		t.Errorf("%d sessions", n)
	}
	if err := next.worker.CheckInvariants(); err != nil {
		t.Error(err)
	}
}
