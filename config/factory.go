package config

import (
	"fmt"
	"net/netip"
	"strings"
)

// Factory is the tree of an empty file: what FortiOS has before anyone has
// configured anything. Each call makes a new one.
func Factory() *Config {
	c := new(Config)
	for _, t := range schema {
		if t.Singleton() {
			t.reset(t.entries(c)[0])
		}
	}
	for i, h := range factoryHelpers {
		e := sessionHelperTable.blank().(*SessionHelper)
		e.ID, e.Name, e.Protocol, e.Port = uint32(i+1), h.name, h.protocol, h.port
		c.Helpers = append(c.Helpers, e)
	}
	c.Addresses = []*Address{
		{Name: "all", Type: "ipmask", Subnet: netip.MustParsePrefix("0.0.0.0/0")},
		{Name: "none", Type: "ipmask", Subnet: netip.MustParsePrefix("0.0.0.0/32")},
	}
	c.Addresses6 = []*Address6{
		{Name: "all", Type: "ipprefix", IP6: netip.MustParsePrefix("::/0")},
		{Name: "none", Type: "ipprefix", IP6: netip.MustParsePrefix("::/128")},
	}
	for _, s := range factoryServices {
		c.Services = append(c.Services, s.service())
	}
	for _, g := range factoryServiceGroups {
		c.ServiceGrps = append(c.ServiceGrps, &ServiceGroup{Name: g.name, Member: strings.Split(g.member, " ")})
	}
	return c
}

// factorySchedules are the schedules there are.
var factorySchedules = []string{"always", "none"}

// factoryHelpers are entries 1-20, in order.
var factoryHelpers = []struct {
	name     string
	protocol uint8
	port     uint16
}{
	{"pptp", 6, 1723},
	{"h323", 6, 1720},
	{"ras", 17, 1719},
	{"tns", 6, 1521},
	{"tftp", 17, 69},
	{"rtsp", 6, 554},
	{"rtsp", 6, 7070},
	{"rtsp", 6, 8554},
	{"ftp", 6, 21},
	{"mms", 6, 1863},
	{"pmap", 6, 111},
	{"pmap", 17, 111},
	{"sip", 17, 5060},
	{"dns-udp", 17, 53},
	{"rsh", 6, 514},
	{"rsh", 6, 512},
	{"dcerpc", 6, 135},
	{"dcerpc", 17, 135},
	{"mgcp", 17, 2427},
	{"mgcp", 17, 2727},
}

// factoryService is a predefined service, its ports in one line: "tcp 53 udp 53".
type factoryService struct{ name, spec string }

// service reads the line. A bad one is a mistake of the programmer.
func (f factoryService) service() *Service {
	s := serviceTable.blank().(*Service)
	s.Name = f.name
	kind := ""
	for _, w := range strings.Fields(f.spec) {
		set := func(attribute string) {
			if err := serviceTable.Attribute(attribute).add(s, w); err != nil {
				panic(fmt.Sprintf("config: factory service %s: %v", f.name, err))
			}
		}
		switch w {
		case "tcp", "udp":
			kind = w
			continue
		case "ip", "icmp", "icmp6":
			kind, s.Protocol = w, strings.ToUpper(w)
			continue
		}
		switch kind {
		case "ip":
			set("protocol-number")
		case "icmp", "icmp6":
			set("icmptype")
		default:
			set(kind + "-portrange")
		}
	}
	return s
}

// factoryServices are the predefined services, in FortiOS's order where it is
// known.
var factoryServices = []factoryService{
	{"ALL", "ip 0"},
	{"ALL_TCP", "tcp 1-65535"},
	{"ALL_UDP", "udp 1-65535"},
	{"ALL_ICMP", "icmp"},
	{"ALL_ICMP6", "icmp6"},
	{"GRE", "ip 47"},
	{"AH", "ip 51"},
	{"ESP", "ip 50"},
	{"AOL", "tcp 5190-5194"},
	{"BGP", "tcp 179"},
	{"DHCP", "udp 67-68"},
	{"DNS", "tcp 53 udp 53"},
	{"FINGER", "tcp 79"},
	{"FTP", "tcp 21"},
	{"FTP_GET", "tcp 21"},
	{"FTP_PUT", "tcp 21"},
	{"GOPHER", "tcp 70"},
	{"H323", "tcp 1720 1503 udp 1719"},
	{"HTTP", "tcp 80"},
	{"HTTPS", "tcp 443"},
	{"IKE", "udp 500 4500"},
	{"IMAP", "tcp 143"},
	{"IMAPS", "tcp 993"},
	{"Internet-Locator-Service", "tcp 389"},
	{"IRC", "tcp 6660-6669"},
	{"L2TP", "tcp 1701 udp 1701"},
	{"LDAP", "tcp 389"},
	{"NetMeeting", "tcp 1720"},
	{"NFS", "tcp 111 2049 udp 111 2049"},
	{"NNTP", "tcp 119"},
	{"NTP", "tcp 123 udp 123"},
	{"OSPF", "ip 89"},
	{"PC-Anywhere", "tcp 5631 udp 5632"},
	{"PING", "icmp 8"},
	{"TIMESTAMP", "icmp 13"},
	{"INFO_REQUEST", "icmp 15"},
	{"INFO_ADDRESS", "icmp 17"},
	{"ONC-RPC", "tcp 111 udp 111"},
	{"DCE-RPC", "tcp 135 udp 135"},
	{"POP3", "tcp 110"},
	{"POP3S", "tcp 995"},
	{"PPTP", "tcp 1723"},
	{"QUAKE", "udp 26000 27000 27910 27960"},
	{"RAUDIO", "udp 7070"},
	{"REXEC", "tcp 512"},
	{"RIP", "udp 520"},
	{"RLOGIN", "tcp 513:512-1023"},
	{"RSH", "tcp 514:512-1023"},
	{"SCCP", "tcp 2000"},
	{"SIP", "tcp 5060 udp 5060"},
	{"SIP-MSNmessenger", "tcp 1863"},
	{"SAMBA", "tcp 139"},
	{"SMTP", "tcp 25"},
	{"SMTPS", "tcp 465"},
	{"SNMP", "tcp 161-162 udp 161-162"},
	{"SSH", "tcp 22"},
	{"SYSLOG", "udp 514"},
	{"TALK", "udp 517-518"},
	{"TELNET", "tcp 23"},
	{"TFTP", "udp 69"},
	{"MGCP", "udp 2427 2727"},
	{"UUCP", "tcp 540"},
	{"VDOLIVE", "tcp 7000-7010"},
	{"WAIS", "tcp 210"},
	{"WINFRAME", "tcp 1494 2598"},
	{"X-WINDOWS", "tcp 6000-6063"},
	{"PING6", "icmp6 128"},
	{"MS-SQL", "tcp 1433 1434"},
	{"MYSQL", "tcp 3306"},
	{"RDP", "tcp 3389"},
	{"VNC", "tcp 5900"},
	{"DHCP6", "udp 546 547"},
	{"SQUID", "tcp 3128"},
	{"SOCKS", "tcp 1080 udp 1080"},
	{"WINS", "tcp 1512 udp 1512"},
	{"RADIUS", "udp 1812 1813"},
	{"RADIUS-OLD", "udp 1645 1646"},
	{"CVSPSERVER", "tcp 2401 udp 2401"},
	{"AFS3", "tcp 7000-7009 udp 7000-7009"},
	{"TRACEROUTE", "udp 33434-33535"},
	{"RTSP", "tcp 554 7070 8554 udp 554"},
	{"MMS", "tcp 1755 udp 1024-5000"},
	{"KERBEROS", "tcp 88 464 udp 88 464"},
	{"LDAP_UDP", "udp 389"},
	{"SMB", "tcp 445"},
	{"NONE", "tcp 0"},
}

var factoryServiceGroups = []struct{ name, member string }{
	{"Email Access", "DNS IMAP IMAPS POP3 POP3S SMTP SMTPS"},
	{"Web Access", "DNS HTTP HTTPS"},
	{"Windows AD", "DCE-RPC DNS KERBEROS LDAP LDAP_UDP SAMBA SMB"},
	{"Exchange Server", "DCE-RPC DNS HTTPS"},
}
