// Package packettest writes packets as text and reads them back, for tests: a
// failure is then a difference between two lines that people can read.
//
// A line is a protocol, two endpoints and words in any order:
//
//	tcp 10.0.0.5:40000 > 203.0.113.9:80 SA seq 900 ack 101 win 65535 len 20
//	tcp [fd01::2]:40000 > [fd02::2]:21 PA seq 1 ack 1 data "EPSV\r\n"
//	udp 10.1.0.2:5000 > 10.2.0.2:53 data "who?" nosum
//	icmp 10.1.0.2 > 10.1.0.1 echo id 7 seq 1 len 56
//	icmp 10.9.0.1 > 10.1.0.2 unreach needfrag mtu 1400 about {tcp 10.1.0.2:40000 > 10.2.0.2:80 A cut 20}
//	gre 10.1.0.2 > 10.2.0.2 key 100 len 8
//	sctp 10.1.0.2:4000 > 10.2.0.2:36412 tag 9 cookie-echo data "hello"
//	arp 10.1.0.2 > 10.1.0.1 request
//
// Protocols are tcp, udp, sctp (endpoints with ports), icmp, icmp6, gre, esp,
// ah, ip-N (addresses alone) and arp; ip-N writes no header, also of a protocol
// that has a name. What is not written has a default, and
// what has its default is not printed.
//
//	any IP packet
//	  ttl N       hop limit, 64             tos N       traffic class
//	  ipid N      identification            df          don't fragment
//	  frag N, N+  fragment at N*8 bytes, + for more to come; behind offset 0
//	              there are no ports, and no checksum is judged
//	  part A-B    the line spells a packet, and the frame is the fragment with
//	              the bytes A to B behind its IP header; without B up to the end
//	  ipopt HEX   IPv4 options              ext N, N=HEX  an IPv6 extension
//	              header and its body; repeated in order
//	  vlan N      a tag; the outer one first
//	payload
//	  len N       N bytes of a pattern      len N from K  the pattern's K-th on
//	  data "..."  as a Go string            hex HEX
//	  pptp NAME/N/N...  of tcp: a control message of PPTP with 16-bit words behind
//	              its header, then zeros; repeated in order
//	tcp
//	  S F R P A U E C together, - for none; seq N ack N win N (65535) urg N
//	  mss N  ws N  sackok  ts A/B  sack A-B,C-D  opt HEX, options in that order
//	sctp
//	  tag N       verification tag          init N, init-ack N, sack, heartbeat,
//	              heartbeat-ack, abort, shutdown, shutdown-ack, error, cookie-echo,
//	              cookie-ack, shutdown-complete: chunks in that order, /t behind
//	              one sets its T bit; chunk N=HEX, N/FLAGS=HEX; a payload is a
//	              DATA chunk behind them
//	gre
//	  key N  seq N  sum   optional fields   carries N   protocol type
//	  call N      PPTP: version 1           ack N
//	udp
//	  nosum       checksum 0: not used      udplen N    a length of its own
//	icmp, icmp6
//	  echo, echo-reply, timestamp, timestamp-reply with id N seq N;
//	  unreach net|host|proto|port|needfrag|prohibited, time-exceeded, redirect,
//	  param-problem, too-big; or type N; code N; mtu N; rest HEX;
//	  about {LINE} quotes a packet
//	offload, as the virtio-net header says
//	  partial     the checksum is left to the device
//	  gso N       a super-packet of N-byte segments
//	  checked     the device has checked the checksum
//	damage
//	  badsum      a wrong transport checksum
//	  badipsum    a wrong IPv4 header checksum
//	  cut N       the last N bytes are missing, although the lengths count them
//	  pad N       N zero bytes behind the packet, as on a short frame
//	  ether HEX   another EtherType
//	  poke OFF=HEX  bytes written over the finished frame; OFF is N, ip+N or
//	              l4+N (the transport header)
//
// Start from Frame and Text.
package packettest
