package replay

import (
	"time"

	"portcullis/packet"
	"portcullis/session"
)

// ends says how sessions end: FortiOS's words where it has one.
var ends = [...]string{
	session.EndNone: "", session.EndAccept: "idle", session.EndClose: "close", session.EndTimeout: "timeout",
	session.EndClientRST: "client-rst", session.EndServerRST: "server-rst", session.EndIPConn: "ip-conn",
	session.EndShutdown: "shutdown", session.EndCleared: "cleared", session.EndEvicted: "evicted",
	session.EndClash: "clash", session.EndLeft: "left", session.EndRefused: "refused",
}

// Push implements engine.Sink.
func (p *Player) Push(e *session.Event) bool {
	switch e.Kind {
	case session.EventStart:
		p.began(e)
	case session.EventEnd:
		p.ended(e)
	case session.EventExpect:
		p.expects(e)
	case session.EventExpectRefused:
		p.refuses(e)
	case session.EventExpectEnd:
		p.summary.Unused++
		p.sides.forget(e)
	case session.EventHelperDetach:
		p.detached(e)
	}
	return true
}

// about is e as an event of kind.
func (p *Player) about(kind Kind, e *session.Event) *Event {
	x := p.event(kind)
	x.Time = seconds(time.Duration(e.Tick))
	x.Session, x.Policy = e.ID, p.policy(e)
	x.Helper = p.names.Helper(e.Helper)
	x.flow(&e.Key, false)
	leave := e.ReplyKey.Reply()
	x.translated(&e.Key, &leave, false)
	return x
}

// policy is the number of the policy, where there is any to tell of.
func (p *Player) policy(e *session.Event) uint32 {
	if p.open {
		return 0
	}
	return e.Policy
}

func (p *Player) began(e *session.Event) {
	kind := Session
	if e.Master != 0 {
		kind = Child
		p.summary.Children++
	} else {
		p.summary.Sessions++
	}
	x := p.about(kind, e)
	x.In, x.Out, x.Master = p.port(e.In), p.port(e.Out), e.Master
	if q := &p.slot[0]; e.Key.Proto == packet.ProtoTCP && q.TCPFlags&packet.TCPSyn == 0 {
		x.Midway = true
		p.summary.Midway++
	}
	p.sides.begin(e)
	p.emit(x)
}

func (p *Player) ended(e *session.Event) {
	x := p.about(End, e)
	x.Master = e.Master
	x.Packets, x.Bytes = &[2]uint64{e.Packets[0], e.Packets[1]}, &[2]uint64{e.Bytes[0], e.Bytes[1]}
	x.Reason = ends[e.End]
	p.sides.end(e)
	p.emit(x)
}

func (p *Player) expects(e *session.Event) {
	p.summary.Expected++
	x := p.event(Expect)
	x.Session, x.Policy, x.Helper = e.Master, p.policy(e), p.names.Helper(e.Helper)
	x.Control = e.Helped
	wild := e.Key.SrcPort == 0
	x.flow(&e.Key, wild)
	leave := e.ReplyKey.Reply()
	x.translated(&e.Key, &leave, wild || leave.SrcPort == 0)
	p.sides.expect(e)
	p.emit(x)
}

// refuses tells of what is not opened: the flow as it would have arrived, had its
// words been believed.
func (p *Player) refuses(e *session.Event) {
	x := p.event(Refuse)
	x.Session, x.Policy, x.Helper = e.Master, p.policy(e), p.names.Helper(e.Helper)
	x.flow(&e.Key, e.Key.SrcPort == 0)
	x.Reason = e.Refusal.Text()
	p.emit(x)
}

func (p *Player) detached(e *session.Event) {
	p.summary.Detached++
	x := p.about(Detach, e)
	x.Reason = p.names.Why(e.Why)
	p.emit(x)
}
