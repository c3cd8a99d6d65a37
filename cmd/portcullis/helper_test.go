package main

import (
	"strings"
	"testing"
)

const helperConfig = `
[[system.interface]]
name = "port1"
ip = "10.1.0.1/24"
[[system.interface]]
name = "port2"
ip = "198.51.100.1/24"
[log.setting]
helper-expectation = "enable"
[[system.session-helper]]
id = 21
name = "ftp"
protocol = 6
port = 2121
data-ports = "40000-41000"
[[firewall.policy]]
policyid = 1
srcintf = "port1"
dstintf = "port2"
srcaddr = "all"
dstaddr = "all"
action = "accept"
schedule = "always"
service = "ALL"
logtraffic = "all"
nat = "enable"
`

// helperTraffic: a client of FTP announces an endpoint of its own, to which the server
// connects, that of another host, and two ports of its own that the entry does not
// have or that none may; to a last one nobody connects. A client of TFTP is not
// answered.
const helperTraffic = `
port1 > tcp 10.1.0.2:40000 > 198.51.100.9:2121 S seq 100
port2 > tcp 198.51.100.9:2121 > 198.51.100.1:40000 SA seq 900 ack 101
port1 > tcp 10.1.0.2:40000 > 198.51.100.9:2121 A seq 101 ack 901
port2 > tcp 198.51.100.9:2121 > 198.51.100.1:40000 PA seq 901 ack 101 data "220 ready\r\n"
port1 > tcp 10.1.0.2:40000 > 198.51.100.9:2121 PA seq 101 ack 912 data "USER joe\r\n"
port2 > tcp 198.51.100.9:2121 > 198.51.100.1:40000 PA seq 912 ack 111 data "230 welcome\r\n"
port1 > tcp 10.1.0.2:40000 > 198.51.100.9:2121 PA seq 111 ack 925 data "PORT 10,1,0,2,160,40\r\n"
port2 > tcp 198.51.100.9:20 > 198.51.100.1:41000 S seq 5000
port1 > tcp 10.1.0.2:40000 > 198.51.100.9:2121 PA seq 133 ack 925 data "PORT 10,1,0,3,160,40\r\n"
port1 > tcp 10.1.0.2:40000 > 198.51.100.9:2121 PA seq 155 ack 925 data "PORT 10,1,0,2,200,40\r\n"
port1 > tcp 10.1.0.2:40000 > 198.51.100.9:2121 PA seq 177 ack 925 data "PORT 10,1,0,2,0,25\r\n"
port1 > tcp 10.1.0.2:40000 > 198.51.100.9:2121 PA seq 197 ack 925 data "PORT 10,1,0,2,156,70\r\n"
port1 > udp 10.1.0.2:40001 > 198.51.100.9:69 data "\x00\x01file\x00octet\x00"
`

// TestHelperList: what is listed and logged of what helpers do.
func TestHelperList(t *testing.T) {
	n := newNetted(t, helperConfig)
	n.play(helperTraffic)
	text := ""
	for _, command := range []string{
		"diagnose sys session-helper list", "get system session-helper-info list",
		"diagnose sys session list expectation",
	} {
		got, err := n.run(strings.Fields(command)...)
		if err != nil {
			t.Errorf("%s: %v", command, err)
		}
		text += "# " + command + "\n" + steady(got) + "\n"
	}
	if got, err := n.run("diagnose", "sys", "session-helper", "list", "--json"); err != nil || !strings.Contains(got, `"data_ports": [`) {
		t.Errorf("as JSON: %v, %s", err, got)
	}
	text += "# traffic log\n"
	for line := range strings.Lines(n.log()) {
		_, what, _ := strings.Cut(line, " vd=")
		text += "vd=" + what
	}
	goldenFile(t, "testdata/helper.txt", text)
}

// tlsTraffic: the same client and server go over to TLS, and have one connection
// through the data range.
const tlsTraffic = `
port1 > tcp 10.1.0.2:40000 > 198.51.100.9:2121 S seq 100
port2 > tcp 198.51.100.9:2121 > 198.51.100.1:40000 SA seq 900 ack 101
port1 > tcp 10.1.0.2:40000 > 198.51.100.9:2121 A seq 101 ack 901
port2 > tcp 198.51.100.9:2121 > 198.51.100.1:40000 PA seq 901 ack 101 data "220 ready\r\n"
port1 > tcp 10.1.0.2:40000 > 198.51.100.9:2121 PA seq 101 ack 912 data "AUTH TLS\r\n"
port2 > tcp 198.51.100.9:2121 > 198.51.100.1:40000 PA seq 912 ack 111 data "234 go on\r\n"
port1 > tcp 10.1.0.2:41000 > 198.51.100.9:50007 S seq 100
`

// TestDataRangeList: what keeps a way open for an encrypted control session is listed
// as expected.
func TestDataRangeList(t *testing.T) {
	n := newNetted(t, strings.Replace(helperConfig, "data-ports =", "tls-data-ports = \"50000-50100\"\ndata-ports =", 1))
	n.play(tlsTraffic)
	got, err := n.run("diagnose", "sys", "session", "list", "expectation")
	for _, want := range []string{
		"\nstate=new tls\n", "helper=ftp master=00000001 ", "\ntls_data_range: sessions=1 limit=8\n", "expire=never",
		"\nhook=post dir=org act=snat 10.1.0.2:0->198.51.100.9:50000-50100(198.51.100.1:0)\n", "total session: 1\n",
	} {
		if err != nil || !strings.Contains(got, want) {
			t.Errorf("%v: expected %q in\n%s", err, want, got)
		}
	}
	if got, err = n.run("diagnose", "sys", "session", "list", "expectation", "dport", "50101"); err != nil || got != "total session: 0\n" {
		t.Errorf("%v: %s", err, got)
	}
	if got, err = n.run("diagnose", "sys", "session-helper", "list"); err != nil || !strings.Contains(got, "\tdetached: 1, ") {
		t.Errorf("%v: %s", err, got)
	}
}
