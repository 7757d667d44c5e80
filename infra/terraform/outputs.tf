output "dns_record" {
  description = "The CNAME record that proves the domain to the certificate."
  value       = [for one in google_certificate_manager_dns_authorization.smart : one.dns_resource_record]
}

output "address" {
  description = "The IP address for the domain's A record."
  value       = [for one in google_compute_global_address.smart : one.address]
}

output "egress_address" {
  description = "The IP address that an EHR sees."
  value       = [for one in google_compute_address.egress : one.address]
}

output "redirect_uri" {
  description = "The redirect URI to register at an EHR. KEY is the `key` of its [[ehr]] entry in smart.toml, with `redirect_path = \"/callback/KEY\"`."
  value       = "https://${local.public_host}/callback/KEY"
}
