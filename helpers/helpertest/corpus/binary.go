package corpus

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"portcullis/packet"
)

func replaced(text, old, by string) string { return strings.ReplaceAll(text, old, by) }

// decimal is an IPv4 address as one number, as DCC writes it.
func decimal(a netip.Addr) string {
	b := a.As4()
	return strconv.FormatUint(uint64(binary.BigEndian.Uint32(b[:])), 10)
}

// word16 and word32 are numbers, the most significant byte first.
func word16(n uint16) string { return string(binary.BigEndian.AppendUint16(nil, n)) }
func word32(n uint32) string { return string(binary.BigEndian.AppendUint32(nil, n)) }

// fixed is a text that is the same to everybody.
func fixed(s string) func(*View) string { return func(*View) string { return s } }

func dns() []*Story {
	const name = "\x01a\x07example\x03com\x00"
	question := "\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + name + "\x00\x01\x00\x01"
	answer := "\x00\x01\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" + name + "\x00\x01\x00\x01" +
		"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01"
	prefixed := func(s string) string { return word16(uint16(len(s))) + s }
	return []*Story{
		{Helper: "dns-udp", Name: "question", Proto: packet.ProtoUDP, Server: 53, Turns: []Turn{client(fixed(question)), server(fixed(answer))}},
		{Helper: "dns-tcp", Name: "question", Server: 53, Turns: []Turn{client(fixed(prefixed(question))), server(fixed(prefixed(answer)))}},
	}
}

// mmsMessage is a message of MMS: what follows its number is filled to whole chunks.
func mmsMessage(number uint32, rest string) string {
	const head, chunk = 40, 8
	b := make([]byte, head, 256)
	b[0] = 1
	copy(b[4:], "\xce\xfa\x0b\xb0")
	copy(b[12:], "MMS ")
	le := binary.LittleEndian
	le.PutUint32(b[36:], number)
	b = append(b, rest...)
	for len(b)%chunk != 0 {
		b = append(b, 0)
	}
	le.PutUint32(b[8:], uint32(len(b)-16))
	le.PutUint32(b[16:], uint32(len(b)-16)/chunk)
	le.PutUint32(b[32:], uint32(len(b)-32)/chunk)
	return string(b)
}

// wide is s in UTF-16, little-endian, with a zero.
func wide(s string) string {
	var b strings.Builder
	for _, c := range []byte(s + "\x00") {
		b.WriteByte(c)
		b.WriteByte(0)
	}
	return b.String()
}

func mms() []*Story {
	hello := mmsMessage(0x00030001, strings.Repeat("\x00", 16)+wide("NSPlayer/9.0"))
	return []*Story{
		{Helper: "mms", Name: "funnel", Server: 1755, Only4: true, Again: 1, Turns: []Turn{
			client(fixed(hello)),
			client(func(v *View) string {
				return mmsMessage(0x00030002, strings.Repeat("\x00", 20)+wide(v.words(`\\{me}\UDP\{mine 50000}`)))
			}, udp(50000)),
			server(fixed(mmsMessage(0x00040002, strings.Repeat("\x00", 20)+wide("Funnel")))),
			client(fixed(mmsMessage(0x00030005, strings.Repeat("\x00", 24)))),
		}},
	}
}

// rpc is a call of the port mapper, or with reply what answers one.
func rpc(proto uint8, xid uint32, reply bool, version, procedure uint32, body string) string {
	s := word32(xid)
	if reply {
		s += word32(1) + word32(0) + word32(0) + word32(0) + word32(0) + body
	} else {
		s += word32(0) + word32(2) + word32(100000) + word32(version) + word32(procedure) + strings.Repeat("\x00", 16) + body
	}
	if proto == packet.ProtoTCP {
		return word32(1<<31|uint32(len(s))) + s
	}
	return s
}

// xdr is s as RFC 4506 writes it.
func xdr(s string) string {
	return word32(uint32(len(s))) + s + strings.Repeat("\x00", -len(s)&3)
}

func pmap() []*Story {
	const nfs, getPort, getAddr = 100003, 3, 3
	var all []*Story
	for _, proto := range []uint8{packet.ProtoTCP, packet.ProtoUDP} {
		all = append(all, &Story{Helper: "pmap", Name: "two versions", Proto: proto, Client: 5800, Server: 111, Only4: true, Turns: []Turn{
			client(fixed(rpc(proto, 7, false, 2, getPort, word32(nfs)+word32(3)+word32(6)+word32(0)))),
			server(func(v *View) string { return rpc(proto, 7, true, 0, 0, word32(uint32(v.mine(2049)))) }, tcp(2049)),
			client(fixed(rpc(proto, 8, false, 3, getAddr, word32(nfs)+word32(3)+xdr("udp")+xdr("")+xdr("")))),
			server(func(v *View) string {
				p := v.mine(20480)
				return rpc(proto, 8, true, 0, 0, xdr(v.words("{me}.")+strconv.Itoa(int(p>>8))+"."+strconv.Itoa(int(p&255))))
			}, udp(20480)),
		}})
	}
	return append(all, &Story{Helper: "pmap", Name: "rpcbind", Server: 111, Only6: true, Turns: []Turn{
		client(fixed(rpc(packet.ProtoTCP, 8, false, 4, getAddr, word32(nfs)+word32(3)+xdr("tcp6")+xdr("")+xdr("")))),
		server(func(v *View) string { return rpc(packet.ProtoTCP, 8, true, 0, 0, xdr(v.words("{me}.")+"8.1")) }, tcp(2049)),
	}})
}

// pptpMessage is a control message of PPTP of a size, with words behind its header.
func pptpMessage(kind uint16, size int, words ...uint16) string {
	s := word16(uint16(size)) + word16(1) + "\x1a\x2b\x3c\x4d" + word16(kind) + word16(0)
	for _, w := range words {
		s += word16(w)
	}
	return s + strings.Repeat("\x00", size-len(s))
}

func pptp() []*Story {
	call := func(id uint16) Flow { return Flow{packet.ProtoGRE, id} }
	const mine, theirs = 7, 900
	return []*Story{
		{Helper: "pptp", Name: "call", Client: 3000, Server: 1723, Only4: true, Again: 4, Turns: []Turn{
			client(fixed(pptpMessage(1, 156, 0x100))),
			server(fixed(pptpMessage(2, 156, 0x100, 0x100))),
			later(client(func(v *View) string { return pptpMessage(7, 168, v.mine(mine)) })),
			server(func(v *View) string { return pptpMessage(8, 32, v.mine(theirs), known(v.Yours, mine), 0x100) }, call(theirs)),
			client(func(v *View) string { return pptpMessage(15, 24, known(v.Yours, theirs)) }, call(mine)),
			client(fixed(pptpMessage(5, 16, 1, 2))),
			server(fixed(pptpMessage(6, 20, 1, 2, 0x100))),
		}},
	}
}

func sane() []*Story {
	return []*Story{
		{Helper: "sane", Name: "scan", Server: 6566, Again: 4, Turns: []Turn{
			client(fixed(word32(0) + word32(0x01000003) + word32(4) + "joe\x00")),
			server(fixed(word32(0) + word32(0x01000003))),
			client(fixed(word32(2) + word32(7) + "test:0\x00")),
			server(fixed(word32(0) + word32(0) + word32(0))),
			client(fixed(word32(7) + word32(0))),
			server(func(v *View) string { return word32(0) + word32(uint32(v.mine(50000))) + word32(0x1234) + word32(0) }, tcp(50000)),
		}},
	}
}

// talkEnd is an endpoint as 4.3BSD's talk writes it.
func talkEnd(a netip.Addr, port uint16) string {
	return word16(2) + word16(port) + string(a.AsSlice()) + strings.Repeat("\x00", 8)
}

func talk() []*Story {
	name := func(s string, size int) string { return s + strings.Repeat("\x00", size-len(s)) }
	own := func(v *View) (conversation, control string) {
		return talkEnd(v.Me.Addr(), 5000), talkEnd(v.Me.Addr(), v.Me.Port())
	}
	found := func(head string) Turn {
		return server(func(v *View) string { return head + word32(1) + talkEnd(v.Me.Addr(), v.mine(50000)) }, tcp(50000))
	}
	return []*Story{
		{Helper: "ntalk", Name: "look up", Proto: packet.ProtoUDP, Server: 518, Only4: true, Turns: []Turn{
			client(func(v *View) string {
				conversation, control := own(v)
				return "\x01\x01\x00\x00" + word32(0) + conversation + control + word32(0) + name("joe", 12) + name("ann", 12) + name("", 16)
			}, udp(40000)),
			found("\x01\x01\x00\x00"),
		}},
		{Helper: "talk", Name: "look up", Proto: packet.ProtoUDP, Server: 517, Only4: true, Turns: []Turn{
			client(func(v *View) string {
				conversation, control := own(v)
				return "\x01" + name("joe", 9) + name("ann", 9) + name("", 25) + conversation + control
			}, udp(40000)),
			found("\x01\x00\x00\x00"),
		}},
	}
}

// tnsPacket is a packet of Oracle Net.
func tnsPacket(kind byte, body string) string {
	return word16(uint16(8+len(body))) + "\x00\x00" + string([]byte{kind, 0, 0, 0}) + body
}

func tns() []*Story {
	hello := tnsPacket(1, word16(312)+word16(300)+"\x08\x00\x7f\xff\x86\x0e\x00\x00\x01\x00"+word16(0)+word16(58)+strings.Repeat("\x00", 30))
	return []*Story{
		{Helper: "tns", Name: "redirect", Client: 5800, Server: 1521, Turns: []Turn{
			client(fixed(hello)),
			server(fixed(tnsPacket(11, ""))),
			client(fixed(hello)),
			server(func(v *View) string {
				text := v.words("(ADDRESS=(PROTOCOL=tcp)(HOST={me})(PORT={mine 1522}))")
				return tnsPacket(5, word16(uint16(len(text)))+text)
			}, tcp(1522)),
		}},
	}
}
