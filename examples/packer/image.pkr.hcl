# An image with the driver in it. The builder may be any size: it needs no InfiniBand.
variable "subscription_id" {
  type = string
}

variable "resource_group" {
  type = string
}

variable "location" {
  type    = string
  default = "westeurope"
}

variable "package" {
  type    = string
  default = "ofed-init_0.1.0_amd64.deb"
}

source "azure-arm" "node" {
  use_azure_cli_auth                = true
  subscription_id                   = var.subscription_id
  managed_image_resource_group_name = var.resource_group
  managed_image_name                = "ubuntu-2404-infiniband"
  location                          = var.location
  os_type                           = "Linux"
  image_publisher                   = "canonical"
  image_offer                       = "ubuntu-24_04-lts"
  image_sku                         = "server"
  vm_size                           = "Standard_D8s_v5"
}

build {
  sources = ["source.azure-arm.node"]

  provisioner "file" {
    source      = var.package
    destination = "/tmp/ofed-init.deb"
  }

  provisioner "file" {
    source      = "50-image.yaml"
    destination = "/tmp/50-image.yaml"
  }

  provisioner "shell" {
    execute_command = "chmod +x {{ .Path }}; sudo {{ .Vars }} {{ .Path }}"
    inline = [
      "cloud-init status --wait",
      "apt-get -q update",
      "apt-get -q -y install /tmp/ofed-init.deb",
      "install -m 644 -o root -g root /tmp/50-image.yaml /etc/ofed-init/conf.d/50-image.yaml",
      "ofed-init --size Standard_HB120rs_v3 --size Standard_HB176rs_v4 bake",
      "cloud-init clean --logs",
      "waagent -force -deprovision+user",
    ]
  }
}
