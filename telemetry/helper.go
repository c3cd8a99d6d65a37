package telemetry

import "portcullis/session"

// logDetached is a message id of our own: FortiOS tells nothing of its helpers.
const logDetached = "0119000001"

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
