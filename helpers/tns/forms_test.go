package tns

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"portcullis/helpers/helpertest"
)

// wide is a packet whose length has four bytes, as version 315 and later may write it.
func wide(p string) string {
	return "\x00\x00" + p[:2] + p[4:]
}

// version is hello of another version.
func version(n uint16) string {
	b := []byte(hello)
	binary.BigEndian.PutUint16(b[headerSize:], n)
	return string(b)
}

// forms are redirections as various listeners write them.
func forms() []helpertest.Dialogue {
	const own, want = "198.51.100.20", "198.51.100.20:1522"
	text := at(own, "1522")
	var all []helpertest.Dialogue
	add := func(name, want, why string, turns ...string) { all = append(all, talk(name, want, why, turns...)) }
	for _, v := range []uint16{300, 310, 314, 315, 319, 320} {
		add(fmt.Sprint("version ", v), want, "", version(v), inPacket(text))
	}
	descriptor := func(a string) string {
		return "(DESCRIPTION=(ENABLE=broken)(RETRY_COUNT=3)" + a + "(CONNECT_DATA=(SERVICE_NAME=orcl.example)(INSTANCE_NAME=orcl1)(SERVER=dedicated)))"
	}
	add("a length of four bytes", want, "", hello, wide(inPacket(text)))
	add("lengths of four bytes", want, "", wide(hello), pack(typeResend, ""), wide(hello), wide(pack(typeRedirect, word(0)))+wide(pack(typeData, word(0)+text)))
	add("lengths of four bytes, counted", want, "", hello, wide(pack(typeRedirect, word(len(text))))+wide(pack(typeData, word(0)+text)))
	add("a length of four bytes that is long", "", whyNoPacket, hello, "\x00\x01\x00\x10"+pack(typeRedirect, "")[4:])
	add("a length of four bytes that is short", "", whyNoPacket, hello, "\x00\x00\x00\x07"+pack(typeRedirect, "")[4:])
	add("CONNECT of four bytes that is long", "", whyNoConnect, "\x00\x01\x00\x38"+hello[4:])
	add("CONNECT with a checksum", "", whyNoConnect, hello[:2]+"\x12\x34"+hello[4:])
	add("flags", want, "", hello, strings.Replace(inPacket(text), "\x05\x00", "\x05\x02", 1))
	add("flags of 12c and connect data", want, "", hello, strings.Replace(inPacket(text+"\x00"+descriptor(at("192.0.2.99", "1521"))), "\x05\x00", "\x05\x06", 1))
	add("connect data that is not counted", want, "", hello, pack(typeRedirect, word(len(text))+text+"\x00"+descriptor(text)))
	add("connect data in DATA that is not counted", want, "", hello, pack(typeRedirect, word(len(text)))+pack(typeData, word(0)+text+descriptor(at(own, "1599"))))
	add("CONNECT with its data in the packet", want, "", pack(typeConnect, hello[headerSize:]+descriptor(at("db.example", "1521"))), inPacket(text))
	add("resend, and connect data behind", want, "", hello+pack(typeData, word(0)+descriptor(text)), pack(typeResend, ""), hello+pack(typeData, word(0)+descriptor(text)), inPacket(text))
	says := func(name, want, text string) {
		add(name, want, "", hello, inPacket(text))
		add(name+", in DATA", want, "", hello, inData(text))
	}
	says("a descriptor", want, descriptor(text))
	says("a dispatcher's", want, "(ADDRESS=(PROTOCOL=tcp)(DEV=13)(HOST="+own+")(PORT=1522))")
	says("with options behind", want, "(ADDRESS=(PROTOCOL=TCP)(HOST="+own+")(PORT=1522)(QUEUESIZE=10)(SEND_BUF_SIZE=65536))")
	says("a word with digits", want, "(DESCRIPTION=(FAILOVER_MODE2.0=x-y)"+text+")")
	says("brackets between marks", want, `(DESCRIPTION=`+text+`(SECURITY=(SSL_SERVER_CERT_DN="cn=(db),o=x")))`)
	says("an address between marks", want, `(DESCRIPTION=(X="`+at("192.0.2.1", "22")+`")`+text+`)`)
	says("marks without an end", "", `(DESCRIPTION=`+text+`(X="))`)
	says("over several lines", want, "(DESCRIPTION =\r\n  (ADDRESS_LIST =\r\n    (ADDRESS = (PROTOCOL = TCP)(HOST = "+own+")(PORT = 1522))\r\n  )\r\n)\r\n")
	says("over TLS", want, "(ADDRESS=(PROTOCOL=tcps)(PORT=1522)(HOST="+own+"))")
	says("one of two transports", want, "(ADDRESS_LIST=(ADDRESS=(PROTOCOL=ipc)(KEY=x))"+text+")")
	says("a host of a cluster and its own", "203.0.113.9:1522 "+want, "(ADDRESS_LIST="+at("203.0.113.9", "1522")+text+")")
	return all
}

func TestForms(t *testing.T) {
	for _, d := range forms() {
		helpertest.Laws(t, &Helper, d)
	}
}
