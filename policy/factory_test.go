package policy_test

import (
	"testing"

	"portcullis/config"
	"portcullis/packet"
	"portcullis/policy"
)

// What flows are called where only the predefined services exist.
func TestFactoryNames(t *testing.T) {
	cfg := config.Factory()
	id, name := numbers(cfg)
	table, err := policy.Compile(cfg, ifIndex, id)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		proto uint8
		port  uint16
		want  string
	}{
		{packet.ProtoTCP, 443, "HTTPS"},
		{packet.ProtoTCP, 80, "HTTP"},
		{packet.ProtoTCP, 21, "FTP"},
		{packet.ProtoTCP, 22, "SSH"},
		{packet.ProtoUDP, 53, "DNS"},
		{packet.ProtoUDP, 69, "TFTP"},
		{packet.ProtoTCP, 554, "RTSP"},
		{packet.ProtoTCP, 6010, "X-WINDOWS"},
		{packet.ProtoTCP, 47225, ""},
		{packet.ProtoSCTP, 9, ""},
		{packet.ProtoICMP, packet.ICMPEcho, "PING"},
		{packet.ProtoICMP, packet.ICMPAddressMask, "INFO_ADDRESS"},
		{packet.ProtoICMPv6, packet.ICMPv6Echo, "PING6"},
		{packet.ProtoGRE, 0, "GRE"},
		{packet.ProtoGRE, 443, "GRE"}, // a key is no port
		{packet.ProtoESP, 0, "ESP"},
		{99, 0, ""},
	} {
		key := packet.Key{Src: packet.MustAddr("10.0.0.1"), Dst: packet.MustAddr("10.0.0.2"), SrcPort: 40000, DstPort: c.port, Proto: c.proto}
		if got := name(table.ServiceName(&key)); got != c.want {
			t.Errorf("%s port %d is called %q, want %q", packet.ProtoName(c.proto), c.port, got, c.want)
		}
	}
}
