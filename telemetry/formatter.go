package telemetry

import (
	"fmt"
	"time"

	"portcullis/packet"
	"portcullis/session"
)

// Formatter writes events as lines of the traffic log. See the package comment
// for the fields.
type Formatter struct {
	Hostname string
	Start    time.Time // the wall time of session.Tick 0; its zone is the log's
	Names    Names
}

// FortiOS's message ids.
const (
	logForwardEnd   = "0000000013"
	logForwardStart = "0000000015"
	logLocalEnd     = "0001000014"
)

// Append appends the line of e, with its newline, and says whether e has one.
func (f *Formatter) Append(dst []byte, e *session.Event) ([]byte, bool) {
	if !e.LogIt {
		return dst, false
	}
	logID, action, local := logForwardEnd, "", false
	line := fields(dst)
	switch e.Kind {
	case session.EventClash:
		f.clash(&line, e)
		return append(line, '\n'), true
	case session.EventExhausted:
		f.exhausted(&line, e)
		return append(line, '\n'), true
	case session.EventBlock, session.EventBlockHeld, session.EventBlockEnd:
		f.block(&line, e)
		return append(line, '\n'), true
	case session.EventHelperDetach:
		f.detached(&line, e)
		return append(line, '\n'), true
	case session.EventExpect, session.EventExpectUsed, session.EventExpectEnd, session.EventExpectRefused:
		f.expectation(&line, e)
		return append(line, '\n'), true
	case session.EventStart:
		logID, action = logForwardStart, "start"
	case session.EventEnd:
		action = endAction(e.End)
	case session.EventAstray:
		action = "accept"
	case session.EventDeny:
		action = "deny"
		if local = e.Reason == packet.ReasonLocalIn; local {
			logID = logLocalEnd
		}
	default:
		return dst, false
	}

	f.header(&line, e, logID, local)
	f.flow(&line, e, local)
	f.verdict(&line, e, action, local)
	translation(&line, e)
	traffic(&line, e)
	if e.Kind == session.EventDeny {
		line.text("reason", e.Reason.String())
		line.text("msg", denyMessage(e))
	} else if e.Kind == session.EventAstray {
		line.text("msg", "routed without a session (asymroute)")
	} else if msg := endMessages[e.End]; msg != "" && e.Kind == session.EventEnd {
		line.text("msg", msg)
	}
	f.origin(&line, e)
	return append(line, '\n'), true
}

// endMessages are the sentences for ends that an action does not tell.
var endMessages = [256]string{
	session.EndCleared: "session cleared by the operator",
	session.EndEvicted: "session gave way to a new one",
	session.EndClash:   "session clash",
	session.EndLeft:    "session could not be taken up after a restart",
	session.EndRefused: "session did not begin with TLS",
}

func endAction(end session.End) string {
	switch end {
	case session.EndClose:
		return "close"
	case session.EndTimeout:
		return "timeout"
	case session.EndClientRST:
		return "client-rst"
	case session.EndServerRST:
		return "server-rst"
	case session.EndIPConn:
		return "ip-conn"
	}
	return "accept"
}

// header adds what is known without looking at the flow.
func (f *Formatter) header(line *fields, e *session.Event, logID string, local bool) {
	f.moment(line, e)
	line.text("logid", logID)
	line.text("type", "traffic")
	if local {
		line.text("subtype", "local")
	} else {
		line.text("subtype", "forward")
	}
	line.text("level", "notice")
	line.text("vd", "root")
}

// flow adds who spoke to whom, and through which interfaces.
func (f *Formatter) flow(line *fields, e *session.Event, local bool) {
	line.endpoint("srcip", "srcport", e.Key.Proto, e.Key.Src, e.Key.SrcPort)
	line.text("srcintf", f.interfaceName(e.In))
	line.text("srcintfrole", "undefined")
	line.endpoint("dstip", "dstport", e.Key.Proto, e.Key.Dst, e.Key.DstPort)
	switch {
	case local:
		line.text("dstintf", "root")
	case e.HasRoute:
		line.text("dstintf", f.interfaceName(e.Out))
	default:
		line.text("dstintf", unknown)
	}
	line.text("dstintfrole", "undefined")
	line.uint("sessionid", uint64(e.ID))
	line.uint("proto", uint64(e.Key.Proto))
}

const unknown = "unknown"

func (f *Formatter) interfaceName(index uint16) string {
	if name := f.Names.Interface(index); name != "" {
		return name
	}
	return unknown
}

// verdict adds what was decided, by which policy and about which service.
func (f *Formatter) verdict(line *fields, e *session.Event, action string, local bool) {
	line.text("action", action)
	line.uint("policyid", uint64(e.Policy))
	if local {
		line.text("policytype", "local-in-policy")
	} else {
		line.text("policytype", "policy")
	}
	if name := f.Names.Policy(e.Policy); name != "" {
		line.text("policyname", name)
	}
	service := ""
	if e.Service != 0 {
		service = f.Names.Service(e.Service)
	}
	if service == "" {
		service = serviceByNumber(e)
	}
	line.text("service", service)
}

// serviceByNumber names the service of a flow that no configured one names, as
// those are matched: by the port that it leaves for. The code of an ICMP query is
// always 0.
func serviceByNumber(e *session.Event) string {
	key := &e.Key
	switch key.Proto {
	case packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP:
		port := key.DstPort
		if e.ReplyKey != (packet.Key{}) {
			port = e.ReplyKey.SrcPort
		}
		return fmt.Sprintf("%s/%d", packet.ProtoName(key.Proto), port)
	case packet.ProtoICMP, packet.ProtoICMPv6:
		return fmt.Sprintf("%s/%d/0", packet.ProtoName(key.Proto), key.DstPort)
	}
	return fmt.Sprintf("proto/%d", key.Proto)
}

// translation adds how the keys of the two directions differ. The replies of a
// translated source go to another address than the opener's; those of a
// translated destination come from another one than was asked for.
func translation(line *fields, e *session.Event) {
	want, got := e.Key.Reply(), e.ReplyKey
	if got == (packet.Key{}) {
		got = want // denied: never translated
	}
	snat := got.Dst != want.Dst || got.DstPort != want.DstPort
	dnat := got.Src != want.Src || got.SrcPort != want.SrcPort
	if e.Key.Proto == packet.ProtoICMP || e.Key.Proto == packet.ProtoICMPv6 {
		// Here SrcPort is the identifier, which goes with the source.
		snat, dnat = got.Dst != want.Dst || got.SrcPort != want.SrcPort, got.Src != want.Src
	}
	if e.Key.Proto == packet.ProtoGRE { // the call ids of PPTP differ anyhow
		snat, dnat = got.Dst != want.Dst, got.Src != want.Src
	}
	switch {
	case snat && dnat:
		line.text("trandisp", "snat+dnat")
	case snat:
		line.text("trandisp", "snat")
	case dnat:
		line.text("trandisp", "dnat")
	default:
		line.text("trandisp", "noop")
	}
	if snat {
		line.endpoint("transip", "transport", e.Key.Proto, got.Dst, got.DstPort)
	}
	if dnat {
		line.endpoint("tranip", "tranport", e.Key.Proto, got.Src, got.SrcPort)
	}
}

// traffic adds how long and how much.
func traffic(line *fields, e *session.Event) {
	var duration int64
	if e.Kind == session.EventEnd {
		duration = int64(e.Tick.Sub(e.Created) / time.Second)
	}
	line.int("duration", duration)
	line.uint("sentbyte", e.Bytes[packet.Original])
	line.uint("rcvdbyte", e.Bytes[packet.Reply])
	line.uint("sentpkt", e.Packets[packet.Original])
	line.uint("rcvdpkt", e.Packets[packet.Reply])
}

// denyMessage is the sentence for a denied packet; FortiOS's own where it was a
// policy that denied it.
func denyMessage(e *session.Event) string {
	switch e.Reason {
	case packet.ReasonPolicyDeny, packet.ReasonImplicitDeny:
		return fmt.Sprintf("Denied by forward policy check (policy %d)", e.Policy)
	}
	return e.Reason.Text()
}

// origin adds which helper has to do with the session.
func (f *Formatter) origin(line *fields, e *session.Event) {
	if e.Helper != 0 {
		if name := f.Names.Helper(e.Helper); name != "" {
			line.text("helper", name)
		}
	}
	if e.Master != 0 {
		line.uint("mastersession", uint64(e.Master))
	}
}
