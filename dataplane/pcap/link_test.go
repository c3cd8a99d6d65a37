package pcap_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"portcullis/dataplane/pcap"
)

// TestEthernet opens every link that carries IP. 45... and 60... are packets.
func TestEthernet(t *testing.T) {
	const (
		mac  = "0a0b0c0d0e0f 0a0b0c0d0e0e"
		four = "0800 45aa"
		six  = "86dd 60aa"
		none = "ffff"
		data = "0801 0000 0000000000000000000000000000000000000000 aaaa03000000" // of 802.11
	)
	for _, c := range []struct {
		name string
		link pcap.Link
		in   string
		want string // from the EtherType on
	}{
		{"ethernet", 1, mac + four, four},
		{"ethernet, ARP", 1, mac + "0806 0001", "0806 0001"},
		{"ethernet, something else", 1, mac + "88cc 0207", "88cc 0207"},
		{"ethernet, a tag", 1, mac + "8100 0005" + four, four},
		{"ethernet, two tags", 1, mac + "88a8 0005 8100 0006" + six, six},
		{"ethernet, an old tag", 1, mac + "9100 0005" + six, six},
		{"ethernet, more tags than there are", 1, mac + strings.Repeat("8100 0005", 9) + four, "8100 0005" + four},
		{"ethernet, a tag cut short", 1, mac + "8100 00", none + "00"},
		{"ethernet, PPPoE", 1, mac + "8864 11000001 0004 0021 45aa 0000", four},
		{"ethernet, PPPoE with IPv6", 1, mac + "8864 11000001 0004 0057 60aa", six},
		{"ethernet, PPPoE with LCP", 1, mac + "8864 11000001 0004 c021 0101", none + "0101"},
		{"ethernet, PPPoE cut short", 1, mac + "8864 1100", none + "1100"},
		{"ethernet, 802.3 with SNAP", 1, mac + "000a aaaa03000000" + four, four},
		{"ethernet, 802.3 with LLC alone", 1, mac + "0003 424203 00", none + "42420300"},
		{"ethernet, cut short", 1, mac, none + mac},
		{"null, little", 0, "02000000 45aa", four},
		{"null, big", 0, "00000002 45aa", four},
		{"null, macOS", 0, "1e000000 60aa", six},
		{"null, FreeBSD", 0, "1c000000 60aa", six},
		{"null, NetBSD", 0, "18000000 60aa", six},
		{"null, Linux", 0, "0a000000 60aa", six},
		{"null, another family", 0, "07000000 45aa", none + "45aa"},
		{"null, cut short", 0, "02", none + "02"},
		{"loop", 108, "00000002 45aa", four},
		{"raw", 101, "45aa", four},
		{"raw, six", 101, "60aa", six},
		{"raw, empty", 101, "", none},
		{"raw of BSD", 12, "60aa", six},
		{"raw of OpenBSD", 14, "45aa", four},
		{"ipv4", 228, "45aa", four},
		{"ipv6", 229, "60aa", six},
		{"sll", 113, "0000 0001 0006 001122334455 0000" + four, four},
		{"sll, a tag", 113, "0000 0001 0006 001122334455 0000 8100 0001" + six, six},
		{"sll, 802.2", 113, "0000 0001 0006 001122334455 0000 0004 aaaa03000000" + four, four},
		{"sll2", 276, "0800 0000 00000002 0001 00 06 0011223344550000 45aa", four},
		{"sll2, six", 276, "86dd 0000 00000002 0001 00 06 0011223344550000 60aa", six},
		{"ppp", 9, "0021 45aa", four},
		{"ppp, address and control", 9, "ff03 0057 60aa", six},
		{"ppp, protocol of one byte", 9, "21 45aa", four},
		{"ppp serial", 50, "ff03 0021 45aa", four},
		{"ppp serial, Cisco", 50, "0f00 0800 45aa", four},
		{"ppp ether", 51, "11000001 0004 0021 45aa", four},
		{"pppd", 166, "0103 0021 45aa", four},
		{"ppp with direction", 204, "00 ff03 0057 60aa", six},
		{"ppp with direction, empty", 204, "", none},
		{"hdlc", 104, "0f00 86dd 60aa", six},
		{"frame relay", 107, "1841 03cc 45aa", four},
		{"frame relay, six", 107, "1841 038e 60aa", six},
		{"frame relay, SNAP", 107, "1841 0300 80000000" + four, four},
		{"frame relay, Cisco", 107, "1841" + four, four},
		{"atm", 100, "aaaa03000000" + four, four},
		{"fddi", 10, "50 001122334455 001122334456 aaaa03000000" + six, six},
		{"pflog", 117, "3d02" + strings.Repeat("00", 62) + "45aa", four},
		{"pflog, cut short", 117, "3d02 0000", none + "3d02 0000"},
		{"enc", 109, "02000000 00000000 00000000 45aa", four},
		{"firewire", 138, strings.Repeat("00", 16) + four, four},
		{"wifi", 105, "0801 0000" + strings.Repeat("00", 20) + "aaaa03000000" + four, four},
		{"wifi, quality of service", 105, "8801 0000" + strings.Repeat("00", 22) + "aaaa03000000" + six, six},
		{"wifi, with another field", 105, "8881 0000" + strings.Repeat("00", 26) + "aaaa03000000" + six, six},
		{"wifi, between access points", 105, "0803 0000" + strings.Repeat("00", 26) + "aaaa03000000" + four, four},
		{"radiotap", 127, "0000 0900 00000000 00 0801 0000" + strings.Repeat("00", 20) + "aaaa03000000" + four, four},
		{"ethernet, MPLS", 1, mac + "8847 00010040 00011140 45aa", four},
		{"ethernet, MPLS with IPv6", 1, mac + "8848 00010140 60aa", six},
		{"ethernet, MPLS with something else", 1, mac + "8847 00010140 0000", none + "0000"},
		{"ethernet, MPLS without a last label", 1, mac + "8847 00010040", none},
		{"null, Windows", 0, "17000000 60aa", six},
		{"token ring", 6, "1040 001122334455 001122334456 aaaa03000000" + four, four},
		{"token ring, by bridges", 6, "1040 001122334455 801122334456 0610 0011 0020 aaaa03000000" + six, six},
		{"token ring, bridges cut short", 6, "1040 001122334455 801122334456 1f", none + "1040 001122334455 801122334456 1f"},
		{"slip", 8, strings.Repeat("00", 16) + "45aa", four},
		{"slip, cut short", 8, "00", none + "00"},
		{"classical atm", 106, "aaaa03000000" + six, six},
		{"classical atm, the packet", 106, "45aa", four},
		{"prism", 119, "00000044" + strings.Repeat("00", 140) + data + four, four},
		{"prism, AVS", 119, "80211001 00000040" + strings.Repeat("00", 56) + data + four, four},
		{"avs", 163, "80211002 00000008" + data + six, six},
		{"avs, cut short", 163, "80211002 00000009", none + "80211002 00000009"},
		{"fibre channel", 122, strings.Repeat("00", 16) + "aaaa03000000" + four, four},
		{"ppi, 802.11", 192, "0000 0800 69000000" + data + four, four},
		{"ppi, ethernet", 192, "0000 0900 01000000 00" + mac + six, six},
		{"ppi, usb", 192, "0000 0800 bd000000 45aa", none + "45aa"},
		{"ppi, ppi", 192, "0000 0800 c0000000 0000 0800 c0000000", none + "0000 0800 c0000000"},
		{"ppi, a link of 17 bits", 192, "0000 0800 01000100" + mac + six, none + mac + six},
		{"ppi, cut short", 192, "0000 0900 69000000", none + "0000 0900 69000000"},
		{"pktap", 258, "10000000 01000000 01000000 00000000" + mac + four, four},
		{"pktap, raw", 258, "0c000000 01000000 0c000000 60aa", six},
		{"pktap, cut short", 258, "0c000000 0100", none + "0c000000 0100"},
		{"hdlc with direction", 205, "00 0f00 0800 45aa", four},
		{"frame relay with direction", 206, "01 1841 03cc 45aa", four},
		{"mpls", 219, "00011140 60aa", six},
		{"ipnet", 226, "0102" + strings.Repeat("00", 22) + "45aa", four},
		{"ipnet, six", 226, "011a" + strings.Repeat("00", 22) + "60aa", six},
		{"nflog", 239, "0200 0001 0500 0a00 41000000 0600 0900 45aa 0000", four},
		{"nflog, big", 239, "0a00 0001 0005 000a 41000000 0006 0009 60aa 0000", six},
		{"nflog, the packet cut short", 239, "0200 0001 0900 0900 45aa", four},
		{"nflog without a packet", 239, "0200 0001 0500 0a00 41000000", none + "0200 0001 0500 0a00 41000000"},
		{"net analyzer", 240, "00000000" + mac + four, four},
		{"infiniband", 242, strings.Repeat("00", 40) + "0800 0000 45aa", four},
		{"switch, Broadcom", 281, mac + "00000001" + four, four},
		{"switch, Broadcom in front", 282, "00000001" + mac + six, six},
		{"switch, Marvell", 284, mac + "c0080000" + four, four},
		{"switch, Marvell with a type", 285, mac + "dada0000 c0080000" + six, six},
		{"radiotap, longer than all", 127, "0000 ff00 00", none + "0000ff0000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := pcap.Ethernet([]byte("before"), &pcap.Frame{Link: c.link, Data: unhex(c.in)})
			got, is := bytes.CutPrefix(got, []byte("before"))
			if !ok || !is || len(got) < 14 || !bytes.Equal(got[12:], unhex(c.want)) {
				t.Errorf("%v %x\nexpected %s", ok, got, c.want)
			}
		})
	}
	for _, link := range []pcap.Link{147, 189, 0xffff} {
		if got, ok := pcap.Ethernet(nil, &pcap.Frame{Link: link, Data: unhex("45aa")}); ok || len(got) != 0 {
			t.Errorf("%v is read", link)
		}
	}
	encrypted := unhex("0841 0000" + strings.Repeat("00", 20) + "aaaa03000000" + four)
	if got, _ := pcap.Ethernet(nil, &pcap.Frame{Link: 105, Data: encrypted}); !bytes.HasPrefix(got[12:], unhex(none)) {
		t.Errorf("an encrypted frame is read: %x", got)
	}
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}
