package telemetry_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"portcullis/packet"
	"portcullis/session"
	"portcullis/telemetry"
)

// names is a Names of maps.
type names struct {
	interfaces map[uint16]string
	services   map[uint32]string
	policies   map[uint32]string
	helpers    map[uint8]string
	pools      map[uint16]string
}

func (n names) Interface(i uint16) string { return n.interfaces[i] }
func (n names) Service(i uint32) string   { return n.services[i] }
func (n names) Policy(i uint32) string    { return n.policies[i] }
func (n names) Helper(i uint8) string     { return n.helpers[i] }
func (n names) Pool(i uint16) string      { return n.pools[i] }
func (n names) Why(i uint16) string       { return []string{"", "no FTP command"}[i] }

// formatter is of a box that started at half past eight, two hours east.
func formatter() telemetry.Formatter {
	zone := time.FixedZone("", 2*60*60)
	return telemetry.Formatter{
		Hostname: "FGT",
		Start:    time.Date(2025, 7, 21, 8, 30, 0, 0, zone),
		Names: names{
			interfaces: map[uint16]string{1: "port1", 2: "port2"},
			services:   map[uint32]string{1: "HTTP", 2: "PING", 3: "FTP"},
			policies:   map[uint32]string{1: "lan-internet"},
			helpers:    map[uint8]string{4: "ftp"},
			pools:      map[uint16]string{1: "cgn"},
		},
	}
}

func addr(s string) packet.Addr { return packet.MustAddr(s) }

// snat is the reply key of a session whose source is translated.
func snat(k packet.Key, to string, port uint16) packet.Key {
	r := k.Reply()
	r.Dst, r.DstPort = addr(to), port
	return r
}

var (
	web  = packet.Key{Src: addr("10.1.100.11"), SrcPort: 44258, Dst: addr("198.51.100.9"), DstPort: 80, Proto: packet.ProtoTCP}
	ping = packet.Key{Src: addr("10.1.100.11"), SrcPort: 77, Dst: addr("198.51.100.9"), DstPort: packet.ICMPEcho, Proto: packet.ProtoICMP}
	six  = packet.Key{Src: addr("2001:db8::5"), SrcPort: 5353, Dst: addr("2001:db8::9"), DstPort: 47225, Proto: packet.ProtoUDP}
)

// event is an end of a session that lasted five seconds, changed by edit.
func event(edit func(*session.Event)) session.Event {
	e := session.Event{
		Kind: session.EventEnd, End: session.EndClose, HasRoute: true, LogIt: true, In: 1, Out: 2, Policy: 1, Service: 1,
		ID: 381780, Created: session.Tick(219 * time.Second), Tick: session.Tick(224*time.Second + 443273707),
		Key: web, ReplyKey: web.Reply(), Bytes: [2]uint64{736, 3138}, Packets: [2]uint64{14, 5},
	}
	edit(&e)
	return e
}

const (
	head = `date=2025-07-21 time=08:33:44 devname="FGT" eventtime=1753079624443273707 tz="+0200" `
	webs = `srcip=10.1.100.11 srcport=44258 srcintf="port1" srcintfrole="undefined" ` +
		`dstip=198.51.100.9 dstport=80 dstintf="port2" dstintfrole="undefined" sessionid=381780 proto=6 `
	pings = `srcip=10.1.100.11 srcintf="port1" srcintfrole="undefined" ` +
		`dstip=198.51.100.9 dstintf="port2" dstintfrole="undefined" sessionid=381780 proto=1 `
	forward = `logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" `
	started = `logid="0000000015" type="traffic" subtype="forward" level="notice" vd="root" `
	local   = `logid="0001000014" type="traffic" subtype="local" level="notice" vd="root" `
	policy1 = `policyid=1 policytype="policy" policyname="lan-internet" `
	policy0 = `policyid=0 policytype="policy" `
	counted = `duration=5 sentbyte=736 rcvdbyte=3138 sentpkt=14 rcvdpkt=5`
	zeros   = `duration=0 sentbyte=0 rcvdbyte=0 sentpkt=0 rcvdpkt=0`
)

func deny(reason packet.Reason, policy uint32) func(*session.Event) {
	return func(e *session.Event) {
		e.Kind, e.End, e.Reason, e.Policy, e.ReplyKey = session.EventDeny, session.EndNone, reason, policy, packet.Key{}
		e.Bytes, e.Packets, e.Created = [2]uint64{}, [2]uint64{}, 0
	}
}

// exhausted tells that a pool has nothing left for a session with that key.
func exhausted(k packet.Key, pool uint16) func(*session.Event) {
	return func(e *session.Event) {
		*e = session.Event{Kind: session.EventExhausted, LogIt: true, Policy: 1, Pool: pool, Tick: e.Tick, Key: k, ReplyKey: k.Reply()}
	}
}

const blocks = `nat=172.16.200.2 saddr="10.1.100.11" poolname="cgn" portbegin=5117 portend=5180`

// block is an event about a block of ports.
func block(kind session.EventKind) func(*session.Event) {
	return func(e *session.Event) {
		*e = session.Event{
			Kind: kind, LogIt: true, Pool: 1, Tick: e.Tick, Created: e.Created, Ports: [2]uint16{5117, 5180},
			Key: packet.Key{Src: web.Src}, ReplyKey: packet.Key{Dst: addr("172.16.200.2")},
		}
	}
}

func TestLines(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*session.Event)
		want string
	}{
		{"closed, source translated", func(e *session.Event) { e.ReplyKey = snat(web, "172.16.200.2", 44259) },
			forward + webs + `action="close" ` + policy1 + `service="HTTP" trandisp="snat" transip=172.16.200.2 transport=44259 ` + counted},
		{"only the port differs", func(e *session.Event) { e.ReplyKey.DstPort = 6000 },
			forward + webs + `action="close" ` + policy1 + `service="HTTP" trandisp="snat" transip=10.1.100.11 transport=6000 ` + counted},
		{"destination translated", func(e *session.Event) { e.ReplyKey.Src, e.ReplyKey.SrcPort = addr("10.9.9.9"), 8080 },
			forward + webs + `action="close" ` + policy1 + `service="HTTP" trandisp="dnat" tranip=10.9.9.9 tranport=8080 ` + counted},
		{"both", func(e *session.Event) {
			e.ReplyKey = snat(web, "172.16.200.2", 44258)
			e.ReplyKey.Src = addr("10.9.9.9")
		}, forward + webs + `action="close" ` + policy1 + `service="HTTP" trandisp="snat+dnat" transip=172.16.200.2 transport=44258 tranip=10.9.9.9 tranport=80 ` + counted},
		{"destination translated, no name of the service", func(e *session.Event) {
			e.ReplyKey.Src, e.ReplyKey.SrcPort, e.Service = addr("10.9.9.9"), 8080, 0
		}, forward + webs + `action="close" ` + policy1 + `service="tcp/8080" trandisp="dnat" tranip=10.9.9.9 tranport=8080 ` + counted},
		{"both, all ports too", func(e *session.Event) {
			e.ReplyKey = snat(web, "172.16.200.2", 5117)
			e.ReplyKey.Src, e.ReplyKey.SrcPort = addr("10.9.9.9"), 8080
		}, forward + webs + `action="close" ` + policy1 + `service="HTTP" trandisp="snat+dnat" transip=172.16.200.2 transport=5117 tranip=10.9.9.9 tranport=8080 ` + counted},
		{"a client's own address outside", func(e *session.Event) { // a hairpin through its mapping
			e.ReplyKey = packet.Key{Src: web.Src, SrcPort: web.SrcPort, Dst: web.Dst, DstPort: web.DstPort, Proto: packet.ProtoTCP}
		}, forward + webs + `action="close" ` + policy1 + `service="HTTP" trandisp="snat+dnat" transip=198.51.100.9 transport=80 tranip=10.1.100.11 tranport=44258 ` + counted},
		{"ping, both", func(e *session.Event) {
			e.Key, e.ReplyKey, e.Service = ping, ping.Reply(), 2
			e.ReplyKey.Dst, e.ReplyKey.Src = addr("172.16.200.2"), addr("10.9.9.9")
		}, forward + pings + `action="close" ` + policy1 + `service="PING" trandisp="snat+dnat" transip=172.16.200.2 tranip=10.9.9.9 ` + counted},
		{"ping, destination translated", func(e *session.Event) {
			e.Key, e.ReplyKey, e.Service = ping, ping.Reply(), 2
			e.ReplyKey.Src = addr("10.9.9.9")
		}, forward + pings + `action="close" ` + policy1 + `service="PING" trandisp="dnat" tranip=10.9.9.9 ` + counted},
		{"prefix translated", func(e *session.Event) {
			e.Key, e.ReplyKey, e.Service = six, snat(six, "2001:db8:1:d550::1234", 5353), 0
		}, forward + `srcip=2001:db8::5 srcport=5353 srcintf="port1" srcintfrole="undefined" dstip=2001:db8::9 dstport=47225 dstintf="port2" dstintfrole="undefined" ` +
			`sessionid=381780 proto=17 action="close" ` + policy1 + `service="udp/47225" trandisp="snat" transip=2001:db8:1:d550::1234 transport=5353 ` + counted},
		{"nothing left", exhausted(web, 0), `logid="0100020007" type="event" subtype="system" level="critical" vd="root" logdesc="NAT port exhausted" status="failure" ` +
			`srcip=10.1.100.11 srcport=44258 dstip=198.51.100.9 dstport=80 proto=6 msg="NAT port is exhausted." policyid=1`},
		{"nothing left in a pool", exhausted(ping, 1), `logid="0100020007" type="event" subtype="system" level="critical" vd="root" logdesc="NAT port exhausted" status="failure" ` +
			`srcip=10.1.100.11 dstip=198.51.100.9 proto=1 msg="NAT port is exhausted." poolname="cgn" policyid=1`},
		{"no block left", func(e *session.Event) { exhausted(web, 1)(e); e.InBlocks = true },
			`logid="0100022013" type="event" subtype="system" level="alert" vd="root" logdesc="IP pool PBA block exhausted" ` +
				`msg="no port is left in the client's blocks, and it can have no other block" saddr="10.1.100.11" poolname="cgn" policyid=1`},
		{"block", block(session.EventBlock), `logid="0100022015" type="event" subtype="system" level="notice" vd="root" logdesc="IP pool PBA created" ` +
			`msg="a client was given a block of ports" ` + blocks},
		{"block, interim", block(session.EventBlockHeld), `logid="0100022024" type="event" subtype="system" level="notice" vd="root" logdesc="IP pool PBA interim log" ` +
			`msg="a client has a block of ports still" ` + blocks + ` duration=5`},
		{"block, given back", block(session.EventBlockEnd), `logid="0100022016" type="event" subtype="system" level="notice" vd="root" logdesc="Deallocate IP pool PBA" ` +
			`msg="a client gave a block of ports back" ` + blocks + ` duration=5`},
		{"start", func(e *session.Event) {
			e.Kind, e.End, e.Bytes, e.Packets = session.EventStart, session.EndNone, [2]uint64{}, [2]uint64{}
		}, started + webs + `action="start" ` + policy1 + `service="HTTP" trandisp="noop" ` + zeros},
		{"ping", func(e *session.Event) {
			e.Key, e.ReplyKey, e.End, e.Service = ping, ping.Reply(), session.EndAccept, 2
			e.ReplyKey.Dst, e.ReplyKey.SrcPort = addr("172.16.200.2"), 9
		}, forward + pings + `action="accept" ` + policy1 + `service="PING" trandisp="snat" transip=172.16.200.2 ` + counted},
		{"ping without a service's name", func(e *session.Event) { e.Key, e.ReplyKey, e.Service = ping, ping.Reply(), 0 },
			forward + pings + `action="close" ` + policy1 + `service="icmp/8/0" trandisp="noop" ` + counted},
		{"ping, only the identifier differs", func(e *session.Event) {
			e.Key, e.ReplyKey, e.Service = ping, ping.Reply(), 2
			e.ReplyKey.SrcPort = 9
		}, forward + pings + `action="close" ` + policy1 + `service="PING" trandisp="snat" transip=10.1.100.11 ` + counted},
		{"IPv6, names gone", func(e *session.Event) {
			e.Key, e.ReplyKey, e.In, e.Service, e.Policy, e.End = six, six.Reply(), 9, 9, 9, session.EndAccept
		}, forward + `srcip=2001:db8::5 srcport=5353 srcintf="unknown" srcintfrole="undefined" dstip=2001:db8::9 dstport=47225 dstintf="port2" dstintfrole="undefined" ` +
			`sessionid=381780 proto=17 action="accept" policyid=9 policytype="policy" service="udp/47225" trandisp="noop" ` + counted},
		{"tunnel", func(e *session.Event) {
			e.Key = packet.Key{Src: web.Src, Dst: web.Dst, Proto: packet.ProtoGRE}
			e.ReplyKey, e.Service = e.Key.Reply(), 0
		}, forward + strings.Replace(pings, "proto=1 ", "proto=47 ", 1) + `action="close" ` + policy1 + `service="proto/47" trandisp="noop" ` + counted},
		{"helper's child", func(e *session.Event) { e.Helper, e.Master, e.Service = 4, 381779, 3 },
			forward + webs + `action="close" ` + policy1 + `service="FTP" trandisp="noop" ` + counted + ` helper="ftp" mastersession=381779`},
		{"routed without a session", func(e *session.Event) {
			e.Kind, e.End, e.ID, e.Policy, e.Created = session.EventAstray, session.EndNone, 0, 0, 0
			e.Bytes, e.Packets = [2]uint64{1500}, [2]uint64{1}
		}, forward + strings.Replace(webs, "381780", "0", 1) + `action="accept" ` + policy0 +
			`service="HTTP" trandisp="noop" duration=0 sentbyte=1500 rcvdbyte=0 sentpkt=1 rcvdpkt=0 msg="routed without a session (asymroute)"`},
		{"cleared", func(e *session.Event) { e.End = session.EndCleared },
			forward + webs + `action="accept" ` + policy1 + `service="HTTP" trandisp="noop" ` + counted + ` msg="session cleared by the operator"`},
		{"evicted", func(e *session.Event) { e.End = session.EndEvicted },
			forward + webs + `action="accept" ` + policy1 + `service="HTTP" trandisp="noop" ` + counted + ` msg="session gave way to a new one"`},
		{"left behind", func(e *session.Event) { e.End = session.EndLeft },
			forward + webs + `action="accept" ` + policy1 + `service="HTTP" trandisp="noop" ` + counted + ` msg="session could not be taken up after a restart"`},
		{"clash", func(e *session.Event) {
			e.Kind, e.Logged, e.ReplyKey = session.EventClash, true, web.Reply()
			e.ReplyKey.Dst = packet.MustAddr("172.31.19.186")
			e.Old = session.Rival{Key: [2]packet.Key{six, six.Reply()}, Policy: 9, Child: true}
		}, `logid="0100020085" type="event" subtype="system" level="information" vd="root" logdesc="session clash" status="clash" proto=6 msg="session clash" ` +
			`new_status="state=00000204 tuple-num=2 policyid=1 dir=0 act=1 hook=4 ` + "10.1.100.11:44258->198.51.100.9:80(172.31.19.186:44258)" +
			` dir=1 act=2 hook=0 198.51.100.9:80->172.31.19.186:44258(10.1.100.11:44258)" ` +
			`old_status="state=00000000 tuple-num=2 policyid=9 dir=0 act=0 hook=0 2001:db8::5:5353->2001:db8::9:47225(:::0) dir=1 act=0 hook=4 2001:db8::9:47225->2001:db8::5:5353(:::0)"`},
		{"clash of tunnels", func(e *session.Event) {
			k := packet.Key{Src: web.Src, Dst: web.Dst, SrcPort: 15, DstPort: 16960, Proto: packet.ProtoGRE}
			e.Kind, e.Key, e.ReplyKey = session.EventClash, k, k.Reply()
			e.ReplyKey.Dst = packet.MustAddr("172.31.19.186")
			e.Old = session.Rival{Key: [2]packet.Key{k, k.Reply()}, Policy: 9}
		}, `logid="0100020085" type="event" subtype="system" level="information" vd="root" logdesc="session clash" status="clash" proto=47 msg="session clash" ` +
			`new_status="state=00000200 tuple-num=2 policyid=1 dir=0 act=1 hook=4 ` + "10.1.100.11:1000000->198.51.100.9:1000000(172.31.19.186:1000000)" +
			` dir=1 act=2 hook=0 198.51.100.9:1000000->172.31.19.186:1000000(10.1.100.11:1000000)" ` +
			`old_status="state=00000200 tuple-num=2 policyid=9 dir=0 act=0 hook=0 10.1.100.11:1000000->198.51.100.9:1000000(0.0.0.0:0) dir=1 act=0 hook=4 198.51.100.9:1000000->10.1.100.11:1000000(0.0.0.0:0)"`},
		{"tunnel with a key, translated", func(e *session.Event) {
			e.Key = packet.Key{Src: web.Src, Dst: web.Dst, SrcPort: 15, DstPort: 16960, Proto: packet.ProtoGRE}
			e.ReplyKey, e.Service = snat(e.Key, "172.16.200.2", 16960), 0
		}, forward + strings.Replace(pings, "proto=1 ", "proto=47 ", 1) + `action="close" ` + policy1 + `service="proto/47" trandisp="snat" transip=172.16.200.2 ` + counted},
		{"implicit deny", deny(packet.ReasonImplicitDeny, 0),
			forward + webs + `action="deny" ` + policy0 + `service="HTTP" trandisp="noop" ` + zeros +
				` reason="implicit-deny" msg="Denied by forward policy check (policy 0)"`},
		{"deny policy", deny(packet.ReasonPolicyDeny, 1),
			forward + webs + `action="deny" ` + policy1 + `service="HTTP" trandisp="noop" ` + zeros +
				` reason="policy-deny" msg="Denied by forward policy check (policy 1)"`},
		{"no route", func(e *session.Event) { deny(packet.ReasonNoRoute, 0)(e); e.HasRoute = false },
			forward + strings.Replace(webs, "port2", "unknown", 1) + `action="deny" ` + policy0 + `service="HTTP" trandisp="noop" ` + zeros +
				` reason="no-route" msg="no route leads to the destination"`},
		{"local", deny(packet.ReasonLocalIn, 0),
			local + strings.Replace(webs, "port2", "root", 1) + `action="deny" policyid=0 policytype="local-in-policy" service="HTTP" trandisp="noop" ` + zeros +
				` reason="local-in" msg="the packet is for the firewall itself, which offers no such service on this interface"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, e := formatter(), event(c.edit)
			got, ok := f.Append(nil, &e)
			if diff := cmp.Diff(head+c.want+"\n", string(got)); diff != "" || !ok {
				t.Errorf("%v %s", ok, diff)
			}
		})
	}
}

func TestEndActions(t *testing.T) {
	f := formatter()
	for end, want := range map[session.End]string{
		session.EndAccept: "accept", session.EndClose: "close", session.EndTimeout: "timeout", session.EndClientRST: "client-rst",
		session.EndServerRST: "server-rst", session.EndIPConn: "ip-conn", session.EndShutdown: "accept", session.EndCleared: "accept", session.EndLeft: "accept",
	} {
		e := event(func(e *session.Event) { e.End = end })
		line, _ := f.Append(nil, &e)
		if !strings.Contains(string(line), ` action="`+want+`" `) {
			t.Errorf("%d: %s", end, line)
		}
	}
}

func TestDetached(t *testing.T) {
	f := formatter()
	e := event(func(e *session.Event) { e.Kind, e.Helper, e.Why = session.EventHelperDetach, 4, 1 })
	line, ok := f.Append(nil, &e)
	for _, want := range []string{` logid="0119000001" type="event" subtype="helper" level="notice" `, ` helper="ftp" reason="no FTP command" srcip=`, ` sessionid=`} {
		if !ok || !strings.Contains(string(line), want) {
			t.Errorf("%s: expected %s", line, want)
		}
	}
}

// What becomes of an expectation is told in lines of their own.
func TestExpectations(t *testing.T) {
	f := formatter()
	key := packet.Key{Proto: packet.ProtoTCP, Src: packet.MustAddr("10.2.0.2"), Dst: packet.MustAddr("203.0.113.9"), DstPort: 50001}
	inside := key
	inside.Dst, inside.DstPort = packet.MustAddr("10.1.0.2"), 41000
	head := func(e *session.Event) {
		e.Helper, e.Master, e.Policy, e.Key, e.ReplyKey = 4, 8, 7, key, inside.Reply()
		e.Tick, e.Created = session.Tick(31*time.Second), session.Tick(time.Second)
	}
	for _, c := range []struct {
		want string
		edit func(*session.Event)
	}{
		{`logid="0119000002" type="event" subtype="helper" level="notice" vd="root" logdesc="session helper expectation made" helper="ftp" ` +
			`srcip=10.2.0.2 dstip=203.0.113.9 dstport=50001 proto=6 tranip=10.1.0.2 tranport=41000 mastersession=8 policyid=7 msg="the helper expects a flow"`,
			func(e *session.Event) { e.Kind = session.EventExpect }},
		{`logid="0119000003" type="event" subtype="helper" level="notice" vd="root" logdesc="session helper expectation used" helper="ftp" ` +
			`srcip=10.2.0.2 srcport=20 dstip=203.0.113.9 dstport=50001 proto=6 tranip=10.1.0.2 tranport=41000 sessionid=12 mastersession=8 policyid=7 msg="an expected flow has begun"`,
			func(e *session.Event) { e.Kind, e.ID, e.Key.SrcPort = session.EventExpectUsed, 12, 20 }},
		{`logid="0119000004" type="event" subtype="helper" level="notice" vd="root" logdesc="session helper expectation ended" helper="ftp" reason="timeout" ` +
			`dstip=203.0.113.9 dstport=50001 proto=6 tranip=10.1.0.2 tranport=41000 mastersession=8 policyid=7 duration=30 msg="the helper expects a flow no more"`,
			func(e *session.Event) {
				e.Kind, e.Gone, e.Key.Src = session.EventExpectEnd, session.ExpectTimeout, packet.Addr{}
			}},
		{`logid="0119000005" type="event" subtype="helper" level="notice" vd="root" logdesc="session helper expectation refused" helper="ftp" reason="address" ` +
			`srcip=10.2.0.2 dstip=203.0.113.9 dstport=50001 proto=6 mastersession=8 policyid=7 msg="the address is not the sender's own"`,
			func(e *session.Event) {
				e.Kind, e.Refusal, e.ReplyKey = session.EventExpectRefused, session.RefusedAddress, e.Key.Reply()
			}},
		{`srcip=10.2.0.2 dstip=203.0.113.9 callid=77 proto=47 mastersession=8 policyid=7 msg="the helper expects a flow"`,
			func(e *session.Event) {
				e.Kind, e.Key.Proto, e.Key.DstPort = session.EventExpect, packet.ProtoGRE, 77
				e.ReplyKey = e.Key.Reply()
			}},
	} {
		e := event(head)
		c.edit(&e)
		line, ok := f.Append(nil, &e)
		if !ok || !strings.HasSuffix(string(line), c.want+"\n") {
			t.Errorf("%s: expected %s", line, c.want)
		}
	}
}

func TestNoLine(t *testing.T) {
	f := formatter()
	for _, edit := range []func(*session.Event){
		func(e *session.Event) { e.LogIt = false },
		func(e *session.Event) { e.Kind, e.LogIt = session.EventExpect, false },
		func(e *session.Event) { e.Kind, e.LogIt = session.EventExpectEnd, false },
		func(e *session.Event) { e.Kind = 0 },
	} {
		e := event(edit)
		if line, ok := f.Append([]byte("x"), &e); ok || string(line) != "x" {
			t.Errorf("%+v: %s", e, line)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	f, e := formatter(), event(func(*session.Event) {})
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = f.Append(buf[:0], &e)
	}
}
