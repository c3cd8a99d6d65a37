package telemetry

import (
	"time"

	"portcullis/packet"
	"portcullis/session"
)

// logDetached is a message id of our own: FortiOS tells nothing of its helpers.
const logDetached = "0119000001"

// expectLog is how an event of an expectation is told.
type expectLog struct{ id, what, msg string }

var expectLogs = map[session.EventKind]expectLog{
	session.EventExpect:        {"0119000002", "session helper expectation made", "the helper expects a flow"},
	session.EventExpectUsed:    {"0119000003", "session helper expectation used", "an expected flow has begun"},
	session.EventExpectEnd:     {"0119000004", "session helper expectation ended", "the helper expects a flow no more"},
	session.EventExpectRefused: {"0119000005", "session helper expectation refused", ""},
}

// detached adds the event of a helper that let go of its session: what that announces
// from then on is not read.
func (f *Formatter) detached(line *fields, e *session.Event) {
	f.event(line, e, logDetached, "helper", "notice", "session helper detached")
	line.text("helper", f.Names.Helper(e.Helper))
	line.text("reason", f.Names.Why(e.Why))
	line.endpoint("srcip", "srcport", e.Key.Proto, e.Key.Src, e.Key.SrcPort)
	line.endpoint("dstip", "dstport", e.Key.Proto, e.Key.Dst, e.Key.DstPort)
	line.uint("proto", uint64(e.Key.Proto))
	line.uint("sessionid", uint64(e.ID))
	line.uint("policyid", uint64(e.Policy))
	line.text("msg", "the helper reads the session no more")
}

// expectation adds an event of a flow that a helper announced: as its first packet
// arrives, and where it is translated.
func (f *Formatter) expectation(line *fields, e *session.Event) {
	how := expectLogs[e.Kind]
	f.event(line, e, how.id, "helper", "notice", how.what)
	line.text("helper", f.Names.Helper(e.Helper))
	switch e.Kind {
	case session.EventExpectEnd:
		line.text("reason", e.Gone.String())
	case session.EventExpectRefused:
		line.text("reason", e.Refusal.String())
		how.msg = e.Refusal.Text()
	}
	expected(line, &e.Key)
	line.uint("proto", uint64(e.Key.Proto))
	if leave := e.ReplyKey.Reply(); leave.Dst != e.Key.Dst || hasPorts(e.Key.Proto) && leave.DstPort != e.Key.DstPort {
		line.endpoint("tranip", "tranport", e.Key.Proto, leave.Dst, leave.DstPort)
	}
	if e.Kind == session.EventExpectUsed {
		line.uint("sessionid", uint64(e.ID))
	}
	line.uint("mastersession", uint64(e.Master))
	line.uint("policyid", uint64(e.Policy))
	if e.Kind == session.EventExpectEnd {
		line.int("duration", int64(e.Tick.Sub(e.Created)/time.Second))
	}
	line.text("msg", how.msg)
}

// expected adds the ends of a flow that may come from any port, or any host, which
// then is left out. Of GRE both ends have what tells tunnels apart.
func expected(line *fields, k *packet.Key) {
	switch {
	case k.Src.IsZero():
	case k.SrcPort == 0:
		line.key("srcip")
		*line = k.Src.Netip().AppendTo(*line)
	default:
		line.endpoint("srcip", "srcport", k.Proto, k.Src, k.SrcPort)
	}
	line.endpoint("dstip", "dstport", k.Proto, k.Dst, k.DstPort)
	if k.Proto == packet.ProtoGRE {
		_, id := k.Ends()
		line.uint("callid", uint64(id))
	}
}
