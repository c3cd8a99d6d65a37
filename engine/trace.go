package engine

import (
	"encoding/binary"
	"fmt"

	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/session"
)

// Theory of operation.
//
// While a trace is on, Quick takes no packet, so that each makes the trip that Process
// knows, and the steps of the trip say what they do. A trace is for a few packets and
// whoever reads along: it formats text while packets wait. Without one a step costs a
// look at a pointer, and those of Quick nothing.

// Trace is what a worker tells of packets that it is asked about, step by step.
type Trace struct {
	// Chooses says whether a packet of that key is traced.
	Chooses func(*packet.Key) bool
	// Packets is how many more are.
	Packets int

	lines []TraceLine
	lost  int    // lines
	id    uint32 // of the latest packet
	on    bool   // the packet on its trip is traced
}

// TraceLine is one step of a packet's trip. The lines of one packet have one id.
type TraceLine struct {
	ID   uint32
	Text string
}

// maxTraceLines bounds the lines that wait to be read.
const maxTraceLines = 1 << 14

// Read hands out the lines since it was last called, and how many more there were that
// nobody came for in time.
func (t *Trace) Read() (lines []TraceLine, lost int) {
	lines, lost = t.lines, t.lost
	t.lines, t.lost = nil, 0
	return lines, lost
}

// SetTrace has the worker tell t of packets from now on; nil ends that. Read is called
// as Process is: by one goroutine at a time.
func (w *Worker) SetTrace(t *Trace) { w.trace = t }

// tracing says whether the packet on its trip is traced. Steps ask before they call
// say.
func (w *Worker) tracing() bool { return w.trace != nil && w.trace.on }

// say tells of a step.
func (w *Worker) say(format string, args ...any) {
	t := w.trace
	if len(t.lines) == maxTraceLines {
		t.lost++
		return
	}
	t.lines = append(t.lines, TraceLine{ID: t.id, Text: fmt.Sprintf(format, args...)})
}

// traceBegins asks whether p is to be traced, and tells what it is.
func (w *Worker) traceBegins(p *Slot) {
	t := w.trace
	if t.on = t.Packets > 0 && t.Chooses(&p.Key); !t.on {
		return
	}
	t.Packets--
	t.id++
	what, more := "packet", ""
	switch {
	case p.Frag:
		what = "fragment"
	case p.Key.Proto == packet.ProtoTCP:
		h := p.Frame[p.L4:]
		more = fmt.Sprintf(" flag [%s], seq %d, ack %d, win %d", flagText(p.TCPFlags),
			binary.BigEndian.Uint32(h[4:]), binary.BigEndian.Uint32(h[8:]), binary.BigEndian.Uint16(h[14:]))
	case isICMP(p.Key.Proto):
		more = fmt.Sprintf(" type=%d, code=%d", p.ICMPType, p.Frame[p.L4+1])
	}
	w.say("vd-root:0 received a %s(%s) tun_id=0.0.0.0 from %s.%s", what, flowText(&p.Key), w.names.Interface(p.In), more)
}

// traceEnds tells what became of p.
func (w *Worker) traceEnds(p *Slot) {
	if !w.trace.on {
		return
	}
	switch p.Verdict {
	case Drop:
		w.say("%s: %s, drop", p.Reason, p.Reason.Text())
	case Forward:
		w.say("send out via dev-%s, gw-%v", w.names.Interface(p.Out), p.NextHop)
	case Answer:
		w.say("answered via dev-%s", w.names.Interface(p.Out))
	case Hold:
		w.say("held here until the rest has come")
	}
	w.trace.on = false
}

// Traced says whether the worker tells anybody of packets.
func (w *Worker) Traced() bool { return w.trace != nil }

// traceFound tells which session a packet belongs to, and how that is translated.
func (w *Worker) traceFound(s *session.Session, dir packet.Dir) {
	w.say("Find an existing session, id-%08x, %s direction", s.ID, dir)
	w.traceTranslation(s, dir)
}

func (w *Worker) traceTranslation(s *session.Session, dir packet.Dir) {
	k, leaves := &s.Key[dir], s.Leaving(dir)
	if leaves.Src != k.Src || leaves.SrcPort != k.SrcPort {
		w.say("SNAT %v->%s", k.Src, endText(leaves.Src, leaves.SrcPort))
	}
	if leaves.Dst != k.Dst || leaves.DstPort != k.DstPort {
		w.say("DNAT %s->%s", endText(k.Dst, k.DstPort), endText(leaves.Dst, leaves.DstPort))
	}
}

// traceAllowed tells of a new session: who allowed it, and who reads it.
func (w *Worker) traceAllowed(s *session.Session) {
	w.say("allocate a new session-%08x", s.ID)
	switch {
	case s.Master.ID != 0:
		w.say("Allowed by session-%08x, Policy-%d", s.Master.ID, s.Policy)
	default:
		w.say("Allowed by Policy-%d", s.Policy)
	}
	w.traceTranslation(s, packet.Original)
	if w.reads(s) {
		w.say("helper-%s reads the session", w.names.Helper(s.Helper))
	}
}

// flowText is a key as a trace writes it.
func flowText(k *packet.Key) string {
	if k.Proto == packet.ProtoGRE {
		return fmt.Sprintf("proto=%d, %v->%v, key %d", k.Proto, k.Src, k.Dst, k.GREKey())
	}
	return fmt.Sprintf("proto=%d, %s->%s", k.Proto, endText(k.Src, k.SrcPort), endText(k.Dst, k.DstPort))
}

// awaitedText is the key of an expectation: any is a port or a host that may be any.
func awaitedText(k *packet.Key) string {
	if k.Proto == packet.ProtoGRE {
		return flowText(k)
	}
	src, port := "any", "any"
	if !k.Src.IsZero() {
		src = k.Src.String()
	}
	if k.SrcPort != 0 {
		port = fmt.Sprint(k.SrcPort)
	}
	return fmt.Sprintf("proto=%d, %s:%s->%s", k.Proto, src, port, endText(k.Dst, k.DstPort))
}

// endText is an endpoint without brackets, as everywhere in FortiOS.
func endText(a packet.Addr, port uint16) string { return fmt.Sprintf("%v:%d", a, port) }

// flagText is TCP's flags in the letters of FortiOS, "." for ACK.
func flagText(flags uint8) string {
	text := ""
	for i, c := range "FSRP.UEW" {
		if flags&(1<<i) != 0 {
			text += string(c)
		}
	}
	return text
}

// Witness is n itself as long as it has somebody to tell.
func (n *announcer) Witness() helpers.Witness {
	if !n.w.tracing() {
		return nil
	}
	return n
}

// Rewrote tells of bytes that a helper's session leaves with other ones. It is
// helpers.Witness.
func (n *announcer) Rewrote(at int, from, to []byte) {
	n.w.say("helper-%s: rewrote %q as %q at offset %d", n.helper.Name, from, to, at)
}

// traceRefused tells what a helper has announced in vain.
func (w *Worker) traceRefused(h string, k *packet.Key, why session.Refusal) {
	w.say("helper-%s: refused (%s): %s: %s", h, awaitedText(k), why, why.Text())
}

// traceExpected tells what a helper has announced.
func (w *Worker) traceExpected(h string, x *session.Expectation, again bool) {
	word := "expects"
	if again {
		word = "still expects"
	}
	if x.Leave.Dst != x.Match.Dst || x.Leave.DstPort != x.Match.DstPort {
		w.say("helper-%s: %s (%s), for %s", h, word, awaitedText(&x.Match), endText(x.Leave.Dst, x.Leave.DstPort))
		return
	}
	w.say("helper-%s: %s (%s)", h, word, awaitedText(&x.Match))
}
