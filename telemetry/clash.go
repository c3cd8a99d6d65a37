package telemetry

import (
	"fmt"
	"net/netip"
	"time"

	"portcullis/packet"
	"portcullis/session"
)

const logClash = "0100020085"

// Bits of FortiOS's session state that a clash tells.
const (
	bitLog      = 1 << 2
	bitMayDirty = 1 << 9
)

// Where a tuple is translated, and to what (FortiOS: hook and act).
const (
	hookPre  = 0
	hookPost = 4

	actNone = 0
	actSNAT = 1
	actDNAT = 2
)

// clash adds the event of a session that took the tuple of another one: both as
// FortiOS shows them.
func (f *Formatter) clash(line *fields, e *session.Event) {
	f.system(line, e, logClash, "information", "session clash")
	line.text("status", "clash")
	line.uint("proto", uint64(e.Key.Proto))
	line.text("msg", "session clash")
	line.text("new_status", rival([2]packet.Key{e.Key, e.ReplyKey}, e.Policy, e.Master != 0, e.Logged))
	line.text("old_status", rival(e.Old.Key, e.Old.Policy, e.Old.Child, e.Old.Logged))
}

// rival is one of two sessions that clash.
func rival(keys [2]packet.Key, policy uint32, child, logged bool) string {
	state := 0
	if logged {
		state |= bitLog
	}
	if !child {
		state |= bitMayDirty
	}
	return fmt.Sprintf("state=%08x tuple-num=2 policyid=%d dir=0 %s dir=1 %s",
		state, policy, tuple(keys[packet.Original], keys[packet.Reply].Reply(), hookPre), tuple(keys[packet.Reply], keys[packet.Original].Reply(), hookPost))
}

// tuple is what packets of one direction arrive as and, in parentheses, what is
// written over one of their ends; plain is the hook of a tuple that is left alone.
func tuple(from, to packet.Key, plain int) string {
	act, hook, addr, port := actNone, plain, netip.IPv4Unspecified(), uint32(0)
	fromSrc, fromDst := from.Ends()
	toSrc, toDst := to.Ends()
	if from.Proto == packet.ProtoGRE { // the call ids of PPTP differ anyhow
		toSrc, toDst = fromSrc, fromDst
	}
	if !from.Src.Is4() {
		addr = netip.IPv6Unspecified()
	}
	switch {
	case from.Src != to.Src || fromSrc != toSrc:
		act, hook, addr, port = actSNAT, hookPost, to.Src.Netip(), toSrc
	case from.Dst != to.Dst || fromDst != toDst:
		act, hook, addr, port = actDNAT, hookPre, to.Dst.Netip(), toDst
	}
	return fmt.Sprintf("act=%d hook=%d %v:%d->%v:%d(%v:%d)", act, hook, from.Src, fromSrc, from.Dst, fromDst, addr, port)
}

// system begins an event of subtype "system".
func (f *Formatter) system(line *fields, e *session.Event, logID, level, what string) {
	f.event(line, e, logID, "system", level, what)
}

// event begins an event of any subtype.
func (f *Formatter) event(line *fields, e *session.Event, logID, subtype, level, what string) {
	f.moment(line, e)
	line.text("logid", logID)
	line.text("type", "event")
	line.text("subtype", subtype)
	line.text("level", level)
	line.text("vd", "root")
	line.text("logdesc", what)
}

// moment adds when an event happened, and to whom.
func (f *Formatter) moment(line *fields, e *session.Event) {
	at := f.Start.Add(time.Duration(e.Tick))
	line.key("date")
	*line = at.AppendFormat(*line, time.DateOnly)
	line.key("time")
	*line = at.AppendFormat(*line, time.TimeOnly)
	line.text("devname", f.Hostname)
	line.int("eventtime", at.UnixNano())
	line.key("tz")
	*line = at.AppendFormat(*line, `"-0700"`)
}
