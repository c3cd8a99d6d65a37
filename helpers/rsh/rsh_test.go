package rsh

import (
	"net/netip"
	"testing"

	"portcullis/helpers/helpertest"
	"portcullis/packet"
)

func dialogues() []helpertest.Dialogue {
	talk := func(name, want, why string, from string, turns ...helpertest.Turn) helpertest.Dialogue {
		d := helpertest.Dialogue{Name: name, Why: why, Turns: turns, Client: netip.MustParseAddrPort(from)}
		d.Server = netip.MustParseAddrPort("198.51.100.20:514")
		if d.Client.Addr().Is6() {
			d.Server = netip.MustParseAddrPort("[2001:db8::20]:514")
		}
		if want != "" {
			d.Want = []helpertest.Announced{{Dir: packet.Original, Endpoint: want}}
		}
		return d
	}
	const shell, exec = "192.0.2.10:1023", "192.0.2.10:40000"
	c, s := helpertest.Client, helpertest.Server
	rest := c("joe\x00joe\x00ls /\x00")
	return []helpertest.Dialogue{
		talk("rsh", "192.0.2.10:1022", "", shell, c("1022\x00"), rest, s("\x00bin\netc\n"), c("x")),
		talk("rsh in one", "192.0.2.10:1022", "", shell, c("1022\x00joe\x00joe\x00ls /\x00"), s("\x00bin\n")),
		talk("rsh at three digits", "192.0.2.10:999", "", shell, c("999\x00"), rest, s("\x00")),
		talk("rexec", "192.0.2.10:40001", "", exec, c("40001\x00"), rest, s("\x00")),
		talk("IPv6", "[2001:db8::10]:1022", "", "[2001:db8::10]:1023", c("1022\x00"), rest, s("\x00")),
		talk("high port of a reserved one", "192.0.2.10:2000", "", shell, c("2000\x00"), rest, s("\x00")),
		talk("highest port", "192.0.2.10:65535", "", exec, c("65535\x00"), rest, s("\x00")),
		talk("none", "", "", shell, c("\x00"), rest, s("\x00")),
		talk("zero", "", "", shell, c("0\x00"), rest, s("\x00")),
		talk("a second port", "192.0.2.10:1022", "", shell, c("1022\x00"), c("1021\x00joe\x00ls\x00"), s("\x00"), c("1020\x00")),
		talk("reserved port of a port that is not", "", "", exec, c("1022\x00"), rest, s("\x00")),
		talk("port of a service", "", "", shell, c("511\x00"), rest, s("\x00")),
		talk("port 22", "", "", exec, c("22\x00"), rest, s("\x00")),
		talk("2^16+1022", "", whyNoPort, shell, c("66558\x00")),
		talk("six digits", "", whyNoPort, shell, c("001022\x00")),
		talk("2^32+1022", "", whyNoPort, shell, c("4294968318\x00")),
		talk("leading zero", "", whyNoPort, shell, c("01022\x00")),
		talk("00", "", whyNoPort, shell, c("00\x00")),
		talk("sign", "", whyNoPort, shell, c("+1022\x00")),
		talk("space", "", whyNoPort, shell, c(" 1022\x00")),
		talk("line", "", whyNoPort, shell, c("1022\n\x00")),
		talk("letters", "", whyNoPort, shell, c("10a2\x00")),
		talk("syslog", "", whyNoPort, exec, c("<34>Oct 11 22:14:15 host su: failed\n")),
		talk("syslog, counted", "", whyNoPort, exec, c("119 <34>1 2026-10-11T22:14:15Z host su - - - failed\n")),
		talk("syslog without a priority", "", whyNoPort, exec, c("Oct 11 22:14:15 host su: failed\n")),
		talk("syslog, counted, of one digit", "", whyNoPort, exec, c("8 <14>hi!4 <14>")),
		talk("syslog, ended by zeros", "", whyNoPort, exec, c("<34>1022\x00<34>\x00")),
		talk("syslog over TLS", "", whyNoPort, exec, c("\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03")),
		talk("a zero port and another", "", "", shell, c("0\x001022\x00"), s("\x00")),
		talk("http", "", whyNoPort, exec, c("POST / HTTP/1.1\r\n\r\n1022\x00")),
		talk("server first", "", whyServerFirst, shell, s("220 ready\r\n"), c("1022\x00")),
	}
}

func TestLaws(t *testing.T) {
	for _, d := range dialogues() {
		helpertest.Laws(t, &Helper, d)
	}
}

func FuzzHelper(f *testing.F) { helpertest.Fuzz(f, &Helper, dialogues()...) }
