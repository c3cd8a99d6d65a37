package handover

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/session"
	"portcullis/session/sctp"
	"portcullis/session/tcp"
)

var update = flag.Bool("update", false, "rewrite the golden file")

const now = session.Tick(1000 * time.Hour)

func header() *Header {
	return &Header{
		By: "portcullis test", Written: time.Unix(1_800_000_000, 123), Serial: 4_000_000_000,
		Tables: Tables{
			Interfaces: []string{"port1", "port2", "a long name for an interface"},
			Services:   []string{"", "HTTP", "FTP"},
			Helpers:    []Helper{{}, {Name: "ftp", Memory: 3}, {Name: "tftp"}},
			Gateways:   []packet.Addr{{}, packet.MustAddr("10.2.0.254"), packet.MustAddr("fe80::1")},
			Shapers:    []string{"", "guests"},
			Profiles: []Profile{{}, {
				DataPorts: []Span{{2000, 2100}, {3000, 3000}}, TLSDataPorts: Span{50000, 50100}, MaxExpectations: 4, Lifetime: 90, TLSDataLimit: 8,
			}},
		},
	}
}

func key(proto uint8, src string, sport uint16, dst string, dport uint16) packet.Key {
	return packet.Key{Proto: proto, Src: packet.MustAddr(src), SrcPort: sport, Dst: packet.MustAddr(dst), DstPort: dport}
}

// full has something in every field that is written.
func full() *session.Record {
	s := &session.Record{
		LastSeen: now - session.Tick(90*time.Second) - 1, Created: now - session.Tick(50*time.Hour), Out: [2]uint16{1, 2}, Hop: [2]uint16{2, 1},
		State: session.StateEstablished, Still: 2, Bound: true, Blocked: true, Replied: true, AnySeq: true, Helper: 1, ResetBy: 2, Hold: 0x83,
		Bytes: [2]uint64{1 << 40, 7}, Packets: [2]uint64{1 << 33, math.MaxUint64},
		TCP: tcp.PickUp(1, tcp.Segment{Seq: 77, Ack: 99, Len: 5, Window: 9, Flags: tcp.ACK}),
		ID:  3_999_999_999, Policy: math.MaxUint32, Service: 2, Shaper: 1,
		LogEnd: true, Against: true, Resets: true, CheckNew: true, Encrypted: true, Profile: 1,
	}
	s.Key[0] = key(packet.ProtoTCP, "10.1.0.2", 40000, "10.2.0.2", 21)
	s.Key[1] = key(packet.ProtoTCP, "10.2.0.2", 21, "203.0.113.7", 5117)
	s.Key[0].Zone, s.Key[1].Zone = 3, 4
	s.SetTimeout(3600 * time.Second)
	return s
}

// six is a session of IPv6 without a translation.
func six() *session.Record {
	s := &session.Record{ID: 1, State: session.StateNone, LastSeen: now, Created: now, Out: [2]uint16{2, 0}, Master: session.Ref{Index: 7, ID: 9}}
	s.Key[0] = key(packet.ProtoUDP, "fd01::2", 1, "fd02::2", 2)
	s.Key[1] = s.Key[0].Reply()
	s.SetTimeout(session.Never)
	return s
}

// udp is a session that a helper reads.
func udp() *session.Record {
	s := &session.Record{ID: 9, Helper: 2, Bound: true, LastSeen: now - 1, Created: now - 2}
	s.Key[0] = key(packet.ProtoUDP, "10.1.0.2", 5000, "10.2.0.2", 69)
	s.Key[1] = s.Key[0].Reply()
	s.SetTimeout(180 * time.Second)
	return s
}

// watched is a child that has yet to begin with TLS.
func watched() *session.Record {
	s := &session.Record{
		ID: 12, Helper: 1, Bound: true, Encrypted: true, Hello: 3, Master: session.Ref{ID: 3_999_999_999},
		State: session.StateSynSent, LastSeen: now, Created: now,
	}
	s.Key[0] = key(packet.ProtoTCP, "10.1.0.2", 41000, "10.2.0.2", 50000)
	s.Key[1] = s.Key[0].Reply()
	s.SetTimeout(10 * time.Second)
	return s
}

// helped is a child that is a control session itself.
func helped() *session.Record {
	s := &session.Record{
		ID: 13, Helper: 2, Bound: true, Hello: session.Helped, Master: session.Ref{ID: 9}, LastSeen: now, Created: now,
	}
	s.SetTag(0x123456)
	s.Key[0] = key(packet.ProtoUDP, "10.2.0.2", 5080, "10.1.0.2", 5062)
	s.Key[1] = s.Key[0].Reply()
	s.SetTimeout(180 * time.Second)
	return s
}

// association is a session of SCTP.
func association() *session.Record {
	s := &session.Record{ID: 11, State: session.StateEstablished, LastSeen: now, Created: now, Replied: true}
	s.Key[0] = key(packet.ProtoSCTP, "10.1.0.2", 36412, "10.2.0.2", 36412)
	s.Key[1] = s.Key[0].Reply()
	*s.SCTP() = sctp.PickUp(0, &sctp.Packet{Tag: 77})
	s.SetTimeout(180 * time.Second)
	return s
}

// call is a session of PPTP, translated.
func call() *session.Record {
	s := &session.Record{ID: 13, Helper: 1, Master: session.Ref{ID: 3_999_999_999}, State: session.StateEstablished, LastSeen: now, Created: now, Replied: true}
	s.Key[0] = key(packet.ProtoGRE, "10.1.0.2", 0, "10.2.0.2", 900)
	s.Key[1] = key(packet.ProtoGRE, "10.2.0.2", 0, "203.0.113.7", 99)
	*s.Call() = session.Call{On: true, Over: true, Leave: [2]uint16{901, 7}}
	s.SetTimeout(session.Never)
	return s
}

// way is an expectation of one.
func way(step session.CallStep) *session.Expectation {
	e := expectation()
	e.Match, e.Leave = key(packet.ProtoGRE, "10.2.0.2", 0, "203.0.113.7", 98), key(packet.ProtoGRE, "10.2.0.2", 0, "10.1.0.2", 8)
	e.Many, e.Helped, e.Call = false, false, step
	if e.Paired() {
		e.Back = [2]uint16{902, 903}
	}
	return e
}

func expectation() *session.Expectation {
	return &session.Expectation{
		Match: key(packet.ProtoTCP, "10.2.0.2", 0, "203.0.113.7", 41000), Leave: key(packet.ProtoTCP, "10.2.0.2", 0, "10.1.0.2", 41000),
		Opener: packet.Reply, Master: session.Ref{Index: 5, ID: 3_999_999_999}, Policy: 4, Service: 2, Helper: 1, Many: true, Tag: 7, Helped: true, Keeps: true,
		Created: now - 5, Expires: now + session.Tick(30*time.Second),
	}
}

// control is a helper's control that has held bytes.
func control(t testing.TB) *helpers.Control {
	h := &helpers.Helper{Name: "any", MaxHold: 100, Inspect: func(*helpers.Segment, *helpers.Findings) helpers.Status { return helpers.Partial }}
	c := &helpers.Control{}
	c.Reset(h)
	var out helpers.Output
	for _, s := range []helpers.TCPSegment{
		{Seq: 100, Flags: packet.TCPSyn},
		{Dir: packet.Reply, Seq: 900, Ack: 101, Flags: packet.TCPSyn | packet.TCPAck},
		{Seq: 101, Ack: 901, Flags: packet.TCPAck, Payload: []byte("half a com")},
	} {
		c.Segment(&s, rewriter{}, &out)
	}
	if !out.Held {
		t.Fatal("nothing is held")
	}
	return c
}

// rewriter is an Announcer to which nothing is announced.
type rewriter struct{ helpers.Announcer }

// MayRewrite is always so.
func (rewriter) MayRewrite(packet.Dir) bool { return true }

// stream is a small stream with something of everything.
func stream(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, header(), now)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		w.Session(full(), control(t), nil), w.Session(six(), nil, nil), w.Session(association(), nil, nil), w.Session(udp(), nil, &helpers.State{1, 2, 3, 63: 64}), w.Session(watched(), nil, nil),
		w.Session(helped(), nil, &helpers.State{5}), w.Session(call(), nil, nil), w.Expectation(expectation()), w.Expectation(way(session.CallOffered)), w.Expectation(way(session.CallOpen)), w.Expectation(way(session.CallClosing)), w.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if c := w.Counts(); c != (Counts{Sessions: 7, Expectations: 4}) {
		t.Errorf("counted %+v", c)
	}
	return b.Bytes()
}

// read reads all records of a stream, their memory copied.
func read(b []byte) (h *Header, all []Record, err error) {
	r, err := NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, nil, err
	}
	var rec Record
	for err = r.Next(&rec); err == nil; err = r.Next(&rec) {
		kept := rec
		kept.Memory = bytes.Clone(rec.Memory)
		all = append(all, kept)
	}
	if err == io.EOF {
		err = nil
	}
	return r.Header(), all, err
}

// What is written is read: every field, told relative to the moment of writing.
func TestRoundTrip(t *testing.T) {
	h, all, err := read(stream(t))
	if err != nil || len(all) != 11 {
		t.Fatal(len(all), err)
	}
	if !h.Written.Equal(header().Written) {
		t.Errorf("written at %v", h.Written)
	}
	h.Written = header().Written
	if !reflect.DeepEqual(h, header()) {
		t.Errorf("got %+v\nwant %+v", h, header())
	}
	for i, want := range []*session.Record{full(), six(), association(), udp(), watched(), helped(), call()} {
		want.LastSeen, want.Created, want.Master.Index = want.LastSeen-now, want.Created-now, 0
		if got := all[i].Session; all[i].Kind != KindSession || got != *want {
			t.Errorf("got %+v\nwant %+v", got, *want)
		}
	}
	c, _ := control(t).AppendBinary(nil)
	if !bytes.Equal(all[0].Memory, c) || all[1].Memory != nil || !bytes.Equal(all[3].Memory, append([]byte{1, 2, 3}, append(make([]byte, 60), 64)...)) {
		t.Errorf("memory %x, %x, %x", all[0].Memory, all[1].Memory, all[3].Memory)
	}
	for i, want := range []*session.Expectation{expectation(), way(session.CallOffered), way(session.CallOpen), way(session.CallClosing)} {
		want.Created, want.Expires, want.Master.Index = want.Created-now, want.Expires-now, 0
		if got := all[7+i].Expect; all[7+i].Kind != KindExpectation || got != *want {
			t.Errorf("got %+v\nwant %+v", got, *want)
		}
	}
}

// A field that is added to a session's record must be written, or be one of those
// that are not.
func TestEveryField(t *testing.T) {
	left := map[string]bool{"Rewrite": true, "Generation": true, "Control": true, "Timers": true, "TTL": true, "Master": true, "Hello": true}
	v := reflect.ValueOf(*full())
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && v.Field(i).IsZero() != left[f.Name] {
			t.Errorf("%s: is it written? if so, full must have it; else say so here", f.Name)
		}
	}
}

// The form is that of its version: whoever changes it must raise Version.
func TestGolden(t *testing.T) {
	const file = "testdata/v2.golden"
	got := stream(t)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the form has changed: expected another Version and golden file than %d, %s\n got %x\nwant %x", Version, file, got, want)
	}
}

// A stream that ends anywhere but at its end is refused, and says where.
func TestCutShort(t *testing.T) {
	whole := stream(t)
	for n := range len(whole) {
		_, _, err := Check(bytes.NewReader(whole[:n]))
		if err == nil || !strings.Contains(err.Error(), "cut short") && !strings.Contains(err.Error(), "not a file") {
			t.Fatalf("%d of %d bytes: %v", n, len(whole), err)
		}
	}
	if _, _, err := Check(bytes.NewReader(append(whole, 0))); err == nil || !strings.Contains(err.Error(), "behind the end") {
		t.Errorf("one byte more: %v", err)
	}
}

// One wrong bit anywhere is found.
func TestDamaged(t *testing.T) {
	whole := stream(t)
	for i := range len(whole) * 8 {
		b := bytes.Clone(whole)
		b[i/8] ^= 1 << (i % 8)
		if _, _, err := Check(bytes.NewReader(b)); err == nil {
			t.Errorf("bit %d of byte %d: nothing was found", i%8, i/8)
		}
	}
}

func TestRefused(t *testing.T) {
	other := stream(t)
	other[len(magic)+1] = 1
	var version *VersionError
	if _, _, err := Check(bytes.NewReader(other)); !errors.As(err, &version) || err.Error() != "format 1, written by portcullis test: expected format 2" {
		t.Errorf("another version: %v", err)
	}
	for text, says := range map[string]string{
		"":                           "cut short: ends at byte 0",
		"[[system.interface]]\nname": `not a file of sessions: begins with "[[system.interface]]", expected "portcullis sessions\n"`,
	} {
		if _, _, err := Check(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, expected %q", text, err, says)
		}
	}
}

// What no worker can have had is refused, though the checksum is right.
func TestJudge(t *testing.T) {
	for name, spoil := range map[string]func(s *session.Record){
		"number":         func(s *session.Record) { s.ID = 0 },
		"own master":     func(s *session.Record) { s.Bound = false; s.Master.ID = s.ID },
		"bound child":    func(s *session.Record) { s.Master.ID, s.Encrypted = 7, false },
		"helper":         func(s *session.Record) { s.Helper = 3 },
		"no helper":      func(s *session.Record) { s.Helper = 0 },
		"interface":      func(s *session.Record) { s.Out[1] = 3 },
		"gateway":        func(s *session.Record) { s.Hop[0] = 3 },
		"service":        func(s *session.Record) { s.Service = 3 },
		"shaper":         func(s *session.Record) { s.Shaper = 2 },
		"profile":        func(s *session.Record) { s.Profile = 2 },
		"hello":          func(s *session.Record) { *s = *watched(); s.Hello = 6 },
		"helped":         func(s *session.Record) { *s = *helped(); s.Master.ID = 0; s.SetTag(0) },
		"tag":            func(s *session.Record) { s.Bound, s.Helper = false, 0; s.SetTag(1) },
		"whose hello":    func(s *session.Record) { s.Hello = 1 },
		"no range":       func(s *session.Record) { *s = *watched(); s.Encrypted = false },
		"call of nobody": func(s *session.Record) { *s = *call(); s.Master.ID = 0 },
		"no TLS": func(s *session.Record) {
			*s = *watched()
			s.Bound, s.Hello, s.Helper = false, 0, 0
		},
		"state":    func(s *session.Record) { s.State = session.StateFinWait },
		"no state": func(s *session.Record) { s.TCP, s.State = tcp.Conn{}, session.StateLastAck+1 },
		"association": func(s *session.Record) {
			s.Bound, s.State = false, session.StateLastAck
			s.TCP = tcp.Conn{}
			s.Key[0].Proto, s.Key[1].Proto = packet.ProtoSCTP, packet.ProtoSCTP
		},
		"bound sctp": func(s *session.Record) {
			s.TCP = tcp.Conn{}
			s.Key[0].Proto, s.Key[1].Proto = packet.ProtoSCTP, packet.ProtoSCTP
		},
		"still": func(s *session.Record) { s.Still = 4 },
		"reset": func(s *session.Record) { s.ResetBy = 3 },
		"icmp bound": func(s *session.Record) {
			s.Key[0].Proto, s.Key[1].Proto = packet.ProtoICMP, packet.ProtoICMP
		},
		"mapped": func(s *session.Record) {
			s.Key[0] = key(packet.ProtoTCP, "fd01::2", 1, "10.2.0.2", 2)
			s.Key[1] = s.Key[0].Reply()
		},
	} {
		s := full()
		spoil(s)
		var b bytes.Buffer
		w, err := NewWriter(&b, header(), now)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Session(s, nil, nil), w.Close()); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Check(&b); err == nil || !strings.Contains(err.Error(), "session record 1: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Ports that run backwards are no range that a configuration can have.
func TestBadProfile(t *testing.T) {
	for _, p := range []Profile{{DataPorts: []Span{{2, 1}}}, {TLSDataPorts: Span{50100, 50000}}} {
		h := header()
		h.Profiles = append(h.Profiles, p)
		var b bytes.Buffer
		w, err := NewWriter(&b, h, now)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Check(&b); err == nil || !strings.Contains(err.Error(), "header: ports ") {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

// A writer that can not write says so, at the latest when it is closed.
func TestWriterFails(t *testing.T) {
	for room := 0; ; room++ {
		d := &disk{room: room}
		w, err := NewWriter(d, header(), now)
		if err == nil {
			err = errors.Join(w.Session(full(), nil, nil), w.Close())
		}
		if d.room > 0 || err == nil {
			if room < 100 || err != nil {
				t.Errorf("room for %d bytes: %v, %d left", room, err, d.room)
			}
			return
		}
		if !errors.Is(err, errNoRoom) {
			t.Fatalf("room for %d bytes: %v", room, err)
		}
	}
}

var errNoRoom = errors.New("no room")

// disk is one with little room.
type disk struct{ room int }

// Write takes what there is room for.
func (f *disk) Write(b []byte) (int, error) {
	n := min(len(b), f.room)
	f.room -= n
	if n < len(b) {
		return n, errNoRoom
	}
	return n, nil
}

// FuzzReader: nothing that is read stops the reader, and what it takes it can
// write again. The checksum is made right, so that more than that is tested.
func FuzzReader(f *testing.F) {
	whole := stream(f)
	f.Add(whole)
	for _, n := range []int{0, 10, len(magic), 40, 100, len(whole) - 5} {
		f.Add(whole[:n])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, all, err := read(Signed(b))
		if err != nil {
			return
		}
		var again bytes.Buffer
		w, err := NewWriter(&again, h, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			r := &all[i]
			if r.Kind == KindExpectation {
				err = w.Expectation(&r.Expect)
			} else {
				err = rewrite(w, r)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		_, second, err := read(again.Bytes())
		if err != nil || !reflect.DeepEqual(all, second) {
			t.Fatalf("%v: read %+v, then %+v", err, all, second)
		}
	})
}

// rewrite writes a session as it was read.
func rewrite(w *Writer, r *Record) error {
	switch {
	case r.Memory == nil:
		return w.Session(&r.Session, nil, nil)
	case len(r.Memory) == stateSize && r.Session.Key[0].Proto == packet.ProtoUDP:
		st := helpers.State(r.Memory)
		return w.Session(&r.Session, nil, &st)
	}
	var c helpers.Control
	if err := c.Restore(&helpers.Helper{}, r.Memory); err != nil {
		return err
	}
	return w.Session(&r.Session, &c, nil)
}
