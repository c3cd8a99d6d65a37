package engine

import (
	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/session"
)

// What is counted and told of expectations: that they were made or refused, used, or
// ended otherwise. What an operator has not asked to be logged costs a counter.

// announced reports an expectation.
func (n *announcer) announced(x *session.Expectation) {
	c := n.w.counts(x.Helper)
	if n.again {
		c.Renewed++
	} else {
		c.Expected++
	}
	n.w.stats.Expected++
	n.changed = n.changed || x.Keeps
	if n.w.tracing() {
		n.w.traceExpected(n.helper.Name, x, n.again)
	}
	if e := n.w.expectEvent(session.EventExpect, x); e != nil {
		e.LogIt = n.w.rules.logExpect && !n.again
		n.w.push(e)
	}
}

// refused counts what e, of the sender of direction dir, announced and what was not
// believed or not possible.
func (n *announcer) refused(why session.Refusal, dir packet.Dir, e *helpers.Expect) {
	n.w.stats.Refused++
	n.w.counts(n.s.Helper).Refused[why]++
	if !n.w.rules.logExpect && !n.w.tracing() {
		return
	}
	peer := &n.s.Key[dir.Other()]
	k := packet.Key{Src: peer.Src, SrcPort: e.PeerPort, Dst: packet.AddrFrom(e.Endpoint.Addr()), DstPort: e.Endpoint.Port(), Zone: peer.Zone, Proto: e.Proto}
	if e.Anyone {
		k.Src, k.SrcPort = packet.Addr{}, 0
	}
	if n.w.tracing() {
		n.w.traceRefused(n.helper.Name, &k, why)
	}
	if !n.w.rules.logExpect {
		return
	}
	n.w.push(&session.Event{
		Kind: session.EventExpectRefused, Refusal: why, LogIt: true, Helper: n.s.Helper, Policy: n.s.Policy, Service: n.s.Service,
		Master: n.ref.ID, Created: n.w.now, Key: k, ReplyKey: k.Reply(),
	})
}

// unspelt counts announcements that were voided at once, because the peer could not
// have read them.
func (w *Worker) unspelt() {
	if !w.output.Unspelt() {
		return
	}
	n := &w.announce
	w.stats.Refused++
	w.counts(n.s.Helper).Refused[session.RefusedSpelling]++
	if w.tracing() {
		w.say("helper-%s: refused: %s: %s", n.helper.Name, session.RefusedSpelling, session.RefusedSpelling.Text())
	}
	if w.rules.logExpect {
		e := w.about(n.s)
		e.Kind, e.Refusal, e.LogIt, e.ID, e.Master = session.EventExpectRefused, session.RefusedSpelling, true, 0, n.ref.ID
		w.push(e)
	}
}

// fulfilled counts s, which an expectation let in.
func (w *Worker) fulfilled(s *session.Session) {
	w.counts(s.Helper).Used++
	if w.rules.logExpect {
		e := w.about(s)
		e.Kind, e.LogIt = session.EventExpectUsed, true
		w.push(e)
	}
}

// The ways in which an expectation ends that is not used.
func (w *Worker) expectationGone(x *session.Expectation) {
	w.expectationEnded(x, session.ExpectCancelled)
}
func (w *Worker) expectationExpired(x *session.Expectation) {
	w.expectationEnded(x, session.ExpectTimeout)
}
func (w *Worker) expectationCrowded(x *session.Expectation) {
	w.expectationEnded(x, session.ExpectCrowded)
}
func (w *Worker) expectationOrphaned(x *session.Expectation) {
	w.expectationEnded(x, session.ExpectOrphaned)
}
func (w *Worker) expectationCleared(x *session.Expectation) {
	w.expectationEnded(x, session.ExpectCleared)
}

// expectationEnded reports an expectation that nobody fulfilled, or that any number
// of flows could.
func (w *Worker) expectationEnded(x *session.Expectation, why session.ExpectEnd) {
	if x.Call == session.CallOffered { // nor was it reported
		return
	}
	if c := w.counts(x.Helper); why == session.ExpectTimeout {
		c.Expired++
	} else {
		c.Voided++
	}
	if w.tracing() {
		w.say("helper-%s: no longer expects (%s): %s", w.names.Helper(x.Helper), awaitedText(&x.Match), why)
	}
	if e := w.expectEvent(session.EventExpectEnd, x); e != nil {
		e.Gone, e.LogIt = why, w.rules.logExpect
		w.push(e)
	}
}

// expectEvent is an event of x, to be pushed at once, or nil where nobody listens.
func (w *Worker) expectEvent(kind session.EventKind, x *session.Expectation) *session.Event {
	if w.sink == nil {
		return nil
	}
	w.event = session.Event{
		Kind: kind, Helper: x.Helper, Helped: x.Helped, Policy: x.Policy, Service: x.Service,
		Master: x.Master.ID, Created: x.Created, Key: x.Match, ReplyKey: x.Leave.Reply(),
	}
	return &w.event
}
