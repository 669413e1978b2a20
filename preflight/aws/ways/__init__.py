"""Do packets get from the nodes' subnets to the proxy and back (`legs`): by the route tables (`routes`), through the network ACLs (`acls`)?"""
