package packettest

import (
	"strconv"
	"strings"

	"portcullis/packet"
)

const (
	protoTCP  = packet.ProtoTCP
	protoUDP  = packet.ProtoUDP
	protoSCTP = packet.ProtoSCTP
)

// protocol is the number of a protocol's name.
func protocol(name string) (uint8, bool) {
	if n, ok := strings.CutPrefix(name, "ip-"); ok {
		v, err := strconv.ParseUint(n, 10, 8)
		return uint8(v), err == nil
	}
	for _, p := range []uint8{
		packet.ProtoTCP, packet.ProtoUDP, packet.ProtoSCTP, packet.ProtoICMP,
		packet.ProtoICMPv6, packet.ProtoGRE, packet.ProtoESP, packet.ProtoAH,
	} {
		if packet.ProtoName(p) == name {
			return p, true
		}
	}
	return 0, false
}

// icmpName is one ICMP type, or a code of it, and how it is written.
type icmpName struct {
	proto, typ uint8
	word       string
	codes      []string // by code
}

var icmpNames = []icmpName{
	{packet.ProtoICMP, packet.ICMPEcho, "echo", nil},
	{packet.ProtoICMP, packet.ICMPEchoReply, "echo-reply", nil},
	{packet.ProtoICMP, packet.ICMPTimestamp, "timestamp", nil},
	{packet.ProtoICMP, packet.ICMPTimestampReply, "timestamp-reply", nil},
	{packet.ProtoICMP, packet.ICMPUnreachable, "unreach", []string{
		"net", "host", "proto", "port", "needfrag", 13: "prohibited",
	}},
	{packet.ProtoICMP, packet.ICMPRedirect, "redirect", nil},
	{packet.ProtoICMP, packet.ICMPTimeExceeded, "time-exceeded", nil},
	{packet.ProtoICMP, packet.ICMPParamProblem, "param-problem", nil},
	{packet.ProtoICMPv6, packet.ICMPv6Echo, "echo", nil},
	{packet.ProtoICMPv6, packet.ICMPv6EchoReply, "echo-reply", nil},
	{packet.ProtoICMPv6, packet.ICMPv6Unreachable, "unreach", []string{"net", "prohibited", 3: "host", 4: "port"}},
	{packet.ProtoICMPv6, packet.ICMPv6PacketTooBig, "too-big", nil},
	{packet.ProtoICMPv6, packet.ICMPv6TimeExceeded, "time-exceeded", nil},
	{packet.ProtoICMPv6, packet.ICMPv6ParamProblem, "param-problem", nil},
}

// icmpByWord finds a type by its word.
func icmpByWord(proto uint8, word string) *icmpName {
	for i := range icmpNames {
		if n := &icmpNames[i]; n.proto == proto && n.word == word {
			return n
		}
	}
	return nil
}

// icmpByType finds a type by its number.
func icmpByType(proto, typ uint8) *icmpName {
	for i := range icmpNames {
		if n := &icmpNames[i]; n.proto == proto && n.typ == typ {
			return n
		}
	}
	return nil
}

// hasMTU says whether the rest of the ICMP header is an MTU.
func hasMTU(proto, typ, code uint8) bool {
	return proto == packet.ProtoICMPv6 && typ == packet.ICMPv6PacketTooBig ||
		proto == packet.ProtoICMP && typ == packet.ICMPUnreachable && code == 4
}

// isQuery says whether the rest of the ICMP header is an identifier and a
// number.
func isQuery(proto, typ uint8) bool {
	k := packet.Key{Proto: proto, DstPort: uint16(typ)}
	return k.Reply().DstPort != uint16(typ)
}

// flagLetters are the TCP flags in the order they are written.
var flagLetters = []struct {
	letter byte
	flag   uint8
}{
	{'S', packet.TCPSyn}, {'F', packet.TCPFin}, {'R', packet.TCPRst}, {'P', packet.TCPPsh},
	{'A', packet.TCPAck}, {'U', packet.TCPUrg}, {'E', 0x40}, {'C', 0x80},
}

// flagWord reads "SA"; "-" is none.
func flagWord(word string) (flags uint8, ok bool) {
	if word == "-" {
		return 0, true
	}
letters:
	for i := range len(word) {
		for _, f := range flagLetters {
			if f.letter == word[i] && flags&f.flag == 0 {
				flags |= f.flag
				continue letters
			}
		}
		return 0, false
	}
	return flags, word != ""
}

func flagText(flags uint8) string {
	var b []byte
	for _, f := range flagLetters {
		if flags&f.flag != 0 {
			b = append(b, f.letter)
		}
	}
	if len(b) == 0 {
		return "-"
	}
	return string(b)
}
