package enginetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"portcullis/packet"
	"portcullis/session"
	"portcullis/session/sctp"
)

// states are the words for session.State, as connection trackers call them.
var states = [...]string{
	session.StateNone: "none", session.StateEstablished: "established",
	session.StateSynSent: "syn-sent", session.StateSynReceived: "syn-received",
	session.StateFinWait: "fin-wait", session.StateTimeWait: "time-wait", session.StateClose: "close",
	session.StateCloseWait: "close-wait", session.StateLastAck: "last-ack",
}

var kinds = [...]string{
	session.EventStart: "start", session.EventEnd: "end", session.EventDeny: "deny",
	session.EventExpect: "expect", session.EventExpectEnd: "expect-end", session.EventHelperDetach: "detach",
	session.EventClash: "clash", session.EventAstray: "astray",
	session.EventExhausted: "exhausted", session.EventBlock: "block", session.EventBlockHeld: "block-held", session.EventBlockEnd: "block-end",
	session.EventExpectUsed: "expect-used", session.EventExpectRefused: "expect-refused",
}

var ends = [...]string{
	session.EndNone: "", session.EndAccept: "accept", session.EndClose: "close", session.EndTimeout: "timeout",
	session.EndClientRST: "client-rst", session.EndServerRST: "server-rst", session.EndIPConn: "ip-conn",
	session.EndShutdown: "shutdown", session.EndCleared: "cleared",
	session.EndEvicted: "evicted", session.EndClash: "clash", session.EndLeft: "left",
	session.EndRefused: "refused",
}

// hostLines are the addresses of domain names.
func (r *runner) hostLines() (lines []string) {
	all, _ := r.names.Hosts().List(r.tick(r.now))
	for _, e := range all {
		lines = append(lines, e.Name+"\n")
		for _, h := range e.Hosts {
			if h.Left <= 0 {
				lines = append(lines, fmt.Sprintf("  %v %s past\n", h.Addr, h.By))
				continue
			}
			lines = append(lines, fmt.Sprintf("  %v %s %v\n", h.Addr, h.By, h.Left))
		}
	}
	return lines
}

// text collects the words of a line.
type text struct{ strings.Builder }

func (b *text) word(format string, args ...any) {
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	fmt.Fprintf(b, format, args...)
}

// some prints a word and its number where there is one.
func (b *text) some(word string, n uint32) {
	if n != 0 {
		b.word("%s %d", word, n)
	}
}

// named prints a word and its name where there is one.
func (b *text) named(word, name string) {
	if name != "" {
		b.word("%s %s", word, name)
	}
}

// keys prints how a flow arrives and, where it is translated, how it leaves.
func (b *text) keys(original, reply packet.Key) {
	leaves := reply.Reply()
	back := leaves.DstPort
	if original.Proto == packet.ProtoGRE {
		leaves.DstPort = original.DstPort
	}
	b.translated(original, leaves)
	if leaves.DstPort != back { // of a call
		b.word("back %d", back)
	}
}

func (b *text) translated(original, leaves packet.Key) {
	b.word("%v", original)
	if leaves != original {
		b.word("as %s", strings.SplitN(leaves.String(), " ", 2)[1])
	}
}

// session prints its keys, and of a call how its packets of the other way arrive and
// leave.
func (b *text) session(s *session.Record) {
	if !s.IsCall() {
		b.keys(s.Key[packet.Original], s.Key[packet.Reply])
		return
	}
	b.translated(s.Key[packet.Original], s.Leaving(packet.Original))
	b.word("call back %d", s.Key[packet.Reply].DstPort)
	if to := s.Leaving(packet.Reply).DstPort; to != s.Key[packet.Reply].DstPort {
		b.word("as %d", to)
	}
	if s.Call().Over {
		b.word("over")
	}
}

// stateWord is the word for the state of a session.
func stateWord(s *session.Record) string {
	if s.Key[packet.Original].Proto == packet.ProtoSCTP {
		return sctp.State(s.State).String()
	}
	return states[s.State]
}

func (r *runner) sessions() (lines []string) {
	var all []session.Session
	r.worker.Sessions(func(s *session.Session) bool { all = append(all, *s); return true })
	slices.SortFunc(all, func(a, b session.Session) int { return int(a.ID) - int(b.ID) })
	for i := range all {
		s := &all[i]
		var b text
		b.word("%d", s.ID)
		b.session(&s.Record)
		b.word("policy %d", s.Policy)
		b.named("service", r.names.Service(s.Service))
		b.named("helper", r.names.Helper(s.Helper))
		b.some("master", s.Master.ID)
		if s.Encrypted {
			b.word("encrypted")
		}
		b.word("%s", stateWord(&s.Record))
		b.word("packets %d/%d bytes %d/%d", s.Packets[0], s.Packets[1], s.Bytes[0], s.Bytes[1])
		if s.Timeout() == session.Never {
			b.word("expires never")
		} else {
			b.word("expires %v", s.LastSeen.Add(s.Timeout()).Sub(r.tick(r.now)).Round(time.Second))
		}
		b.named("shaper", r.names.Shaper(s.Shaper))
		if s.Blocked {
			b.word("blocked")
		}
		if r.worker.Dirty(s) {
			b.word("dirty")
		}
		lines = append(lines, b.String()+"\n")
	}
	return lines
}

func (r *runner) expectations() (lines []string) {
	r.worker.Expectations(func(x *session.Expectation) bool {
		var b text
		b.translated(x.Match, x.Leave)
		switch x.Call {
		case session.CallOffered:
			b.word("offered")
		case session.CallClosing:
			b.word("closing")
		case session.CallOpen:
			b.word("back %d as %d", x.Back[0], x.Back[1])
		}
		b.word("opener %v", x.Opener)
		b.word("master %d policy %d", x.Master.ID, x.Policy)
		b.named("helper", r.names.Helper(x.Helper))
		b.word("expires %v", x.Expires.Sub(r.tick(r.now)).Round(time.Second))
		lines = append(lines, b.String()+"\n")
		return true
	})
	return lines
}

// eventLines prints what was reported since it was last asked for.
func (r *runner) eventLines() []string {
	r.tell()
	lines := r.told
	r.told = nil
	return lines
}

// tell prints the events so far while their numbers mean what they do.
func (r *runner) tell() {
	for i := range r.events.list {
		r.told = append(r.told, r.eventLine(&r.events.list[i])+"\n")
	}
	r.events.list = nil
}

func (r *runner) eventLine(e *session.Event) string {
	var b text
	b.word("%v %s", time.Duration(e.Tick).Round(time.Millisecond), kinds[e.Kind])
	b.named("by", ends[e.End])
	if e.Kind == session.EventDeny {
		b.named("by", e.Reason.String())
	}
	b.some("session", e.ID)
	switch e.Kind {
	case session.EventBlock, session.EventBlockHeld, session.EventBlockEnd:
		b.word("%v at %v ports %d-%d pool %s", e.Key.Src, e.ReplyKey.Dst, e.Ports[0], e.Ports[1], r.names.Pool(e.Pool))
		return b.String()
	}
	b.keys(e.Key, e.ReplyKey)
	b.named("pool", r.names.Pool(e.Pool))
	if e.Kind == session.EventStart || e.Kind == session.EventEnd || e.Kind == session.EventDeny || e.Kind == session.EventAstray {
		b.named("from", r.names.Interface(e.In))
		if e.HasRoute {
			b.named("to", r.names.Interface(e.Out))
		}
	}
	b.word("policy %d", e.Policy)
	b.named("service", r.names.Service(e.Service))
	b.named("helper", r.names.Helper(e.Helper))
	b.some("master", e.Master)
	if e.Kind == session.EventEnd {
		b.word("packets %d/%d bytes %d/%d", e.Packets[0], e.Packets[1], e.Bytes[0], e.Bytes[1])
	}
	if e.Kind == session.EventExpectRefused || e.Kind == session.EventExpectEnd && e.LogIt { // those that are not logged say little
		b.named("because", e.Refusal.String()+e.Gone.String())
	}
	if e.Why != 0 {
		b.word("because %q", r.names.Why(e.Why))
	}
	if e.LogIt {
		b.word("log")
	}
	return b.String()
}
