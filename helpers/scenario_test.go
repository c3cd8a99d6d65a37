package helpers_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"portcullis/helpers"
	"portcullis/helpers/helpertest"
	"portcullis/packet"
)

// session drives a Control by hand. Sequence numbers are written as offsets: the
// client's first byte is 0, and so is the server's.
type session struct {
	t   *testing.T
	ctl helpers.Control
	out helpers.Output
	ann helpertest.Translator
}

const (
	clientISN = 0xfffffff0 // wraps within a few bytes
	serverISN = 5000
)

func open(t *testing.T, h *helpers.Helper) *session {
	s := &session{t: t}
	s.ctl.Reset(h)
	s.segment(packet.Original, -1, -1, packet.TCPSyn, "")
	s.segment(packet.Reply, -1, 0, packet.TCPSyn|packet.TCPAck, "")
	s.segment(packet.Original, 0, 0, packet.TCPAck, "")
	return s
}

// segment sends one segment and prints what became of it.
func (s *session) segment(dir packet.Dir, off, ack int, flags uint8, text string) string {
	isns := [2]uint32{clientISN, serverISN}
	seg := helpers.TCPSegment{
		Dir: dir, Flags: flags, Payload: []byte(text), Window: 1000 + uint16(dir), Urgent: uint16(len(text)),
		Seq: isns[dir] + 1 + uint32(off), Ack: isns[1-dir] + 1 + uint32(ack),
		Ends: &helpers.Ends{Src: netip.MustParseAddrPort("192.0.2.1:4000"), Dst: netip.MustParseAddrPort("192.0.2.2:21")},
	}
	s.ctl.Segment(&seg, &s.ann, &s.out)
	var b strings.Builder
	if s.out.Drop != packet.ReasonNone {
		fmt.Fprint(&b, " drop ", s.out.Drop)
	}
	for _, o := range s.out.Out() {
		fmt.Fprintf(&b, " %d:%q", int32(o.Seq-isns[dir]-1), o.Payload)
		if o.Flags&packet.TCPFin != 0 {
			b.WriteString("F")
		}
		if o.Flags&packet.TCPRst != 0 {
			b.WriteString("R")
		}
		if o.Flags&packet.TCPUrg != 0 {
			fmt.Fprintf(&b, "U%d", o.Urgent)
		}
	}
	if s.out.Held {
		b.WriteString(" held")
	}
	if s.out.MustAck {
		a := s.out.AckBack
		fmt.Fprintf(&b, " back %d,%d,%d", int32(a.Seq-isns[1-dir]-1), int32(a.Ack-isns[dir]-1), a.Window)
	}
	if s.out.Detached {
		b.WriteString(" detached " + s.out.Why)
	}
	return strings.TrimSpace(b.String())
}

// want sends a segment of the client and compares.
func (s *session) want(off int, flags uint8, text, want string) {
	s.t.Helper()
	if got := s.segment(packet.Original, off, 0, flags|packet.TCPAck, text); got != want {
		s.t.Errorf("%d:%q became %s, want %s", off, text, got, want)
	}
}

// acks sends an acknowledgement of the server, in the space of what it was sent,
// and compares what the client reads.
func (s *session) acks(ack, want int) {
	s.t.Helper()
	if got := int32(s.ctl.TranslateAck(packet.Reply, clientISN+1+uint32(ack)) - clientISN - 1); got != int32(want) {
		s.t.Errorf("acknowledgement of %d became %d, want %d", ack, got, want)
	}
	s.segment(packet.Reply, 0, ack, packet.TCPAck, "")
}

// Translate turns port 7 into 1030 and port 4 into 49148.
func TestRewrite(t *testing.T) {
	s := open(t, &toy)
	s.want(0, 0, "P7\nx\n", `0:"P1030\nx\n"`)
	s.want(0, 0, "P7\nx\n", `0:"P1030\nx\n"`)
	s.want(0, 0, "P", `0:"P"`)
	s.want(1, 0, "7", `1:"1030"`)
	s.want(2, 0, "\nx\n", `5:"\nx\n"`)
	s.want(5, 0, "P4\n", `8:"P49144\n"`)
	s.want(4, 0, "\nP4\nabc\n", `7:"\nP49144\nabc\n"`)
	s.acks(3, 1) // inside the first: none of it counts
	s.acks(8, 5)
	s.want(0, 0, "P7\nx\n", `7:""`) // all acknowledged: a probe
	s.want(1, 0, "7\nx\nP4\n", `8:"P49144\n"`)
	s.acks(19, 12)
	s.want(12, packet.TCPFin, "", `19:""F`)
	if len(s.ann.Seen) != 2 {
		t.Errorf("announced %v", s.ann.Seen)
	}
}

func TestGap(t *testing.T) {
	s := open(t, &toy)
	s.want(5, 0, "x\n", "drop helper-gap")
	s.want(5, 0, "", `0:""`)
	s.want(0, 0, "hello\n", `0:"hello\n"`)
	s.want(5, 0, "\nx\n", `5:"\nx\n"`)
	s.want(7, 0, "", `7:""`)
	s.want(9, packet.TCPFin, "", "drop helper-gap")
}

// TestNagle: the sender waits for an acknowledgement of half a message.
func TestNagle(t *testing.T) {
	s := open(t, &toy)
	s.want(0, 0, "x\nP", `0:"x\n" held`)
	s.want(2, 0, "P", `2:"" held`) // the server has not yet acknowledged the line
	s.acks(2, 2)
	s.want(2, 0, "P", `2:"" held back 0,3,1001`)
	s.acks(2, 3)                                // it was promised
	s.want(2, 0, "", `1:"" held back 0,3,1001`) // a keep-alive
	s.want(3, 0, "7\n", `2:"P1030\n"`)
	s.want(3, 0, "7\n", `2:"P1030\n"`)
	s.want(4, 0, "\n", `7:"\n"`)
	s.acks(2, 3)
	s.acks(8, 5)
	s.want(5, 0, "x\n", `8:"x\n"`)
}

func TestEndOfHeldBytes(t *testing.T) {
	s := open(t, &toy)
	s.want(0, 0, "ha", `0:"" held`)
	s.want(2, packet.TCPFin, "lf", `0:"half"F`)
	s.want(2, packet.TCPFin, "lf", `2:"lf"F`)
	s.want(5, 0, "", `5:""`)

	s = open(t, &toy)
	s.want(0, 0, "ha", `0:"" held`)
	s.want(0, 0, "ha", `0:"" held back 0,2,1001`)
	s.want(2, packet.TCPFin, "", `0:"ha"F`)
	s.want(2, packet.TCPFin, "", `0:"ha"F`) // the client will not repeat them

	s = open(t, &toy)
	s.want(0, 0, "ha", `0:"" held`)
	s.want(2, packet.TCPRst, "", `0:"ha" 2:""R`)
	s.want(2, 0, "lf\nP", `2:"lf\n" held`) // it was refused
	s.want(6, packet.TCPRst, "", `5:"P" 6:""R`)
	s.want(6, 0, "7\n", `6:"1030\n"`)
}

// TestOtherSideDetaches: held bytes leave with the next segment of their sender.
func TestOtherSideDetaches(t *testing.T) {
	s := open(t, &toy)
	s.want(0, 0, "P7\nha", `0:"P1030\n" held`)
	if got := s.segment(packet.Reply, 0, 0, packet.TCPAck, "!\n"); got != `0:"!\n" detached toy is over` {
		t.Error(got)
	}
	s.want(5, 0, "", `6:"ha"`)
	if s.ctl.Idle() {
		t.Error("idle with a correction")
	}
	s.want(9, 0, "later", `12:"later"`) // gaps do not matter any more
	s.want(0, 0, "P7\nha", `0:"P1030\nha"`)
	s.acks(8, 5)
	s.acks(17, 14)
	s.want(0, 0, "P7\nha", `16:""`)
}

func TestIdle(t *testing.T) {
	s := open(t, &toy)
	s.want(0, 0, "!\nP7\n", `0:"!\nP7\n" detached toy is over`)
	if !s.ctl.Idle() {
		t.Error("not idle with nothing left to do")
	}
	s = &session{t: t}
	s.ctl.Reset(&toy)
	s.want(0, 0, "P7\n", `0:"P7\n" detached the start of the stream was not seen`)
}

// TestBusy: what does not fit the list is not taken, and comes again.
func TestBusy(t *testing.T) {
	s := open(t, &toy)
	s.want(0, 0, "P7\nP7\nP7\nP7\nx\n", `0:"P1030\nP1030\nP1030\nP1030\nx\n"`)
	s.want(14, 0, "P7\nP7\nP7\nP7\nP7\n", `26:"P7\nP1030\nP1030\nP1030\nP1030\n"`)
	s.want(29, 0, "P7\nP7\nP7\n", `53:"P7\nP1030\n"`)
	s.want(35, 0, "P7\n", "drop helper-busy")
	s.acks(6, 3)
	s.want(35, 0, "P7\n", `62:"P1030\n"`)
}

// TestBusyWithPromise: a place is kept for what was promised.
func TestBusyWithPromise(t *testing.T) {
	s := open(t, &toy)
	s.want(0, 0, "P", `0:"" held`)
	s.want(0, 0, "P", `0:"" held back 0,1,1001`)
	four := strings.Repeat("P1030\n", 4)
	s.want(1, 0, "7\n"+strings.Repeat("P7\n", 10), fmt.Sprintf("0:%q", four+"P7\n"+four))
}

// TestUrgent: the pointer follows the byte that it points at.
func TestUrgent(t *testing.T) {
	s := open(t, &toy)
	s.want(0, packet.TCPUrg, "P7\n", `0:"P1030\n"U6`)
	s.want(3, packet.TCPUrg, "x\n", `6:"x\n"U2`)
	s.want(5, packet.TCPUrg, "P40000\n", `8:"P6396\n"U6`)
}

// TestNewISN: another attempt to connect starts the stream anew.
func TestNewISN(t *testing.T) {
	s := &session{t: t}
	s.ctl.Reset(&toy)
	s.segment(packet.Original, 99, -1, packet.TCPSyn, "")
	s.segment(packet.Original, -1, -1, packet.TCPSyn, "")
	s.segment(packet.Reply, -1, 0, packet.TCPSyn|packet.TCPAck, "")
	s.want(0, 0, "P7\n", `0:"P1030\n"`)
	s.segment(packet.Original, 400, -1, packet.TCPSyn, "") // believed no more
	s.want(3, 0, "x\n", `6:"x\n"`)
}

// TestForgedAck: an acknowledgement of what was never sent folds nothing.
func TestForgedAck(t *testing.T) {
	s := open(t, &toy)
	s.want(0, 0, "P7\n", `0:"P1030\n"`)
	s.segment(packet.Reply, 0, 5000, packet.TCPAck, "")
	s.want(0, 0, "P7\n", `0:"P1030\n"`)
}

// TestSACK: edges inside a rewrite are rounded, empty blocks are taken out.
func TestSACK(t *testing.T) {
	s := open(t, &toy)
	s.want(0, 0, "x\nP7\ny\n", `0:"x\nP1030\ny\n"`)
	hdr := make([]byte, 20, 40)
	hdr[12], hdr[13] = 10<<4, packet.TCPAck
	binary.BigEndian.PutUint32(hdr[8:], clientISN+1+2)
	hdr = append(hdr, 1, 1, 5, 18)
	for _, v := range []uint32{4, 6, 5, 9} {
		hdr = binary.BigEndian.AppendUint32(hdr, clientISN+1+v)
	}
	if !s.ctl.Adjust(packet.Reply, hdr) {
		t.Error("nothing was changed")
	}
	if n := hdr[23]; n != 10 || hdr[32] != 1 || hdr[39] != 1 {
		t.Errorf("the option is % x", hdr[20:])
	}
	l, r := binary.BigEndian.Uint32(hdr[24:])-clientISN-1, binary.BigEndian.Uint32(hdr[28:])-clientISN-1
	if l != 4 || r != 6 {
		t.Errorf("the block is [%d,%d)", l, r)
	}
}

// TestCut: what is longer than the path takes goes in pieces.
func TestCut(t *testing.T) {
	s := open(t, &toy)
	line := strings.Repeat("P7\n", 4) + strings.Repeat("x", 527) + "\n"
	got := s.segment(packet.Original, 0, 0, packet.TCPAck|packet.TCPFin, line)
	want := strings.ReplaceAll(line, "P7", "P1030")
	if want := fmt.Sprintf("0:%q 540:%qF", want[:540], want[540:]); got != want {
		t.Errorf("became %s, want %s", got, want)
	}
}

// TestNoAllocation: a session in its stride allocates nothing.
func TestNoAllocation(t *testing.T) {
	s := open(t, &toy)
	s.ann.Off = true // it appends otherwise
	text, half := []byte("hello\n"), []byte("half")
	seg := helpers.TCPSegment{Seq: clientISN + 1, Ack: serverISN + 1, Flags: packet.TCPAck}
	round := func() {
		for _, p := range [][]byte{text, half, text} {
			seg.Payload = p
			s.ctl.Segment(&seg, &s.ann, &s.out)
			seg.Seq += uint32(len(p))
		}
	}
	round()
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestBrokenHelper: a helper that breaks its contract is detached.
func TestBrokenHelper(t *testing.T) {
	for name, inspect := range map[string]func(*helpers.Segment, *helpers.Findings) helpers.Status{
		"holds too much":    func(*helpers.Segment, *helpers.Findings) helpers.Status { return helpers.Partial },
		"makes no progress": func(*helpers.Segment, *helpers.Findings) helpers.Status { return helpers.More },
		"edits outside": func(_ *helpers.Segment, f *helpers.Findings) helpers.Status {
			f.Announce(helpers.Expect{Edit: helpers.Edit{Off: 3, Len: 1 << 62}})
			return helpers.Read
		},
	} {
		h := toy
		h.Inspect, h.MaxHold = inspect, 3
		s := open(t, &h)
		if got := s.segment(packet.Original, 0, 0, packet.TCPAck, "abcdef"); got != `0:"abcdef" detached the helper broke its contract` {
			t.Errorf("%s: %s", name, got)
		}
		var st helpers.State
		helpers.ReadDatagram(&h, &st, &helpers.Datagram{Payload: []byte("abcdef")}, &s.ann, &s.out)
		if !s.out.Detached || len(s.out.Out()) != 1 {
			t.Errorf("%s: a datagram became %v", name, s.out.Out())
		}
	}
}

// TestDatagram: datagrams are rewritten, and not beyond what a packet holds.
func TestDatagram(t *testing.T) {
	var out helpers.Output
	var st helpers.State
	var ann helpertest.Translator
	d := helpers.Datagram{Ends: &helpers.Ends{Src: netip.MustParseAddrPort("192.0.2.1:4000")}, Payload: []byte("C\nP7\nx\nC\nP7\n")}
	helpers.ReadDatagram(&toy, &st, &d, &ann, &out)
	if got := string(out.Out()[0].Payload); got != "C\nP1030\nx\nC\nP1030\n" || !out.Out()[0].Changed {
		t.Errorf("became %q", got)
	}
	d.Payload = append([]byte("P7\n"), make([]byte, helpers.MaxPayload)...)
	helpers.ReadDatagram(&toy, &st, &d, &ann, &out)
	if out.Drop != packet.ReasonHelperTooLong || len(out.Out()) != 0 {
		t.Errorf("dropped for %v", out.Drop)
	}
}

func TestRegister(t *testing.T) {
	for name, h := range map[string]*helpers.Helper{
		"incomplete":     {Name: "x"},
		"other protocol": {Name: "x", Inspect: inspectToy, MaxExpects: 1, Protocols: []uint8{packet.ProtoGRE}},
		"twice":          &toy,
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			if name == "twice" {
				helpers.Register(h)
			}
			helpers.Register(h)
		}()
	}
	if helpers.Lookup("toy") != &toy || helpers.Lookup("x") != nil || len(helpers.All()) != 1 {
		t.Error("the registry is wrong")
	}
}
