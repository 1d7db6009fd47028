import { Anchor, Axe, Building2, Pickaxe, School, Store, Wheat } from 'lucide-react'

const icons: Readonly<Record<string, typeof Wheat>> = {
  farm: Wheat,
  mine: Pickaxe,
  sawmill: Axe,
  market: Store,
  school: School,
  harbour: Anchor,
}

/** The picture of a building, by its type. */
export function BuildingIcon({ type }: { readonly type: string }) {
  const Icon = icons[type] ?? Building2
  return (
    <span className="building-icon" data-type={type} aria-hidden="true">
      <Icon size={20} />
    </span>
  )
}
