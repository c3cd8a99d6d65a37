package session_test

import (
	"testing"

	"portcullis/packet"
	"portcullis/session"
)

// A call leaves with the ids that its ends chose, and is rewritten where those are
// not what their peers know.
func TestCall(t *testing.T) {
	k := func(src, dst string, id uint16) packet.Key {
		return packet.Key{Src: packet.MustAddr(src), Dst: packet.MustAddr(dst), DstPort: id, Proto: packet.ProtoGRE}
	}
	s := &session.Record{Key: [2]packet.Key{k("10.1.0.2", "10.1.0.10", 900), k("10.2.0.20", "10.2.0.1", 99)}}
	if s.IsCall() {
		t.Error("it is none yet")
	}
	*s.Call() = session.Call{On: true, Leave: [2]uint16{901, 7}}
	s.SetRewrites()
	if l := s.Leaving(packet.Original); l != k("10.2.0.1", "10.2.0.20", 901) || s.Rewrite[0] != packet.NewRewrite(s.Key[0], l) {
		t.Errorf("leaves as %v", l)
	}
	if l := s.Leaving(packet.Reply); l != k("10.1.0.10", "10.1.0.2", 7) || s.Rewrite[1] != packet.NewRewrite(s.Key[1], l) {
		t.Errorf("comes back as %v", l)
	}
	// Without translation nothing is rewritten, though the ids of the two ways differ.
	s = &session.Record{Key: [2]packet.Key{k("10.1.0.2", "10.2.0.2", 900), k("10.2.0.2", "10.1.0.2", 7)}}
	*s.Call() = session.Call{On: true, Leave: [2]uint16{900, 7}}
	if s.SetRewrites(); s.Translated() {
		t.Error("translated")
	}
	s.Key[0].Proto = packet.ProtoUDP
	if s.IsCall() {
		t.Error("a call of UDP")
	}
}

// An offer keeps its id from others, and no packet fulfils it.
func TestOfferedCall(t *testing.T) {
	x := session.NewExpectations(8, 5, 0)
	e := session.Expectation{
		Match:  packet.Key{Src: packet.MustAddr("10.2.0.2"), Dst: packet.MustAddr("10.2.0.1"), DstPort: 0, Proto: packet.ProtoGRE},
		Leave:  packet.Key{Src: packet.MustAddr("10.2.0.2"), Dst: packet.MustAddr("10.1.0.2"), DstPort: 0, Proto: packet.ProtoGRE},
		Master: session.Ref{Index: 1, ID: 5}, Expires: 100, Call: session.CallOffered,
	}
	nobody := func(*session.Expectation) { t.Error("gone") }
	if r := x.Add(&e, 4, nobody); r != session.Added {
		t.Fatal(r)
	}
	if x.Find(&e.Match) != nil || !x.Taken(&e.Match) || x.Arriving(5, &e.Match) == nil || x.Arriving(6, &e.Match) != nil {
		t.Error("an offer is to be known, and not to be fulfilled")
	}
	if err := x.CheckInvariants(func(session.Ref) bool { return true }); err != nil {
		t.Error(err)
	}
	e.Call, e.Back = session.CallOpen, [2]uint16{900, 901}
	if r := x.Add(&e, 4, nobody); r != session.Refreshed {
		t.Fatal(r)
	}
	x.Arriving(5, &e.Match).Call = session.CallClosing
	if x.Find(&e.Match) != nil || !x.Taken(&e.Match) {
		t.Error("a call that is about to end is to be known, and not to be fulfilled")
	}
	if r := x.Add(&e, 4, nobody); r != session.Refreshed {
		t.Fatal(r)
	}
	f := x.Find(&e.Match)
	if f == nil || f.Twin() != (packet.Key{Src: packet.MustAddr("10.1.0.2"), Dst: packet.MustAddr("10.2.0.2"), DstPort: 900, Proto: packet.ProtoGRE}) {
		t.Fatalf("%+v", f)
	}
}
